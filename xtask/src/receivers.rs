//! The requirements of the tests of webhook receivers: other languages, from Debian, the packages `standardwebhooks` of PyPI
//! and npm, which verify signatures, and the crates of the receiver and of the samples of calls in Rust.

use std::process::Command;

use crate::debian::{install, is_on_path};
use crate::pip::Packaged;
use crate::{npm, run_aloud};

const WHY: &str = "the tests of signatures need the packages standardwebhooks";

const PYTHON: Packaged = Packaged {
    requirement: "standardwebhooks==1.1.0 \
                  --hash=sha256:9a88d48a1f198be61517fc7ad328cf58ba02b73f0fbd8941d4213e9c0b6c2a61",
    path: "standardwebhooks",
    to: "target/tools/standardwebhooks-python-1.1.0/standardwebhooks",
    why: WHY,
};

/// The folder with `package.json` and its lock file, which has the digests of all packages and no address of a registry.
const LOCKED: &str = "tests/process/standardwebhooks";
const NODE_FOLDER: &str = "target/tools/standardwebhooks-node-1.1.1";

/// The projects in Rust that tests build.
const PROJECTS: [&str; 2] = ["docs/receivers/rust/Cargo.toml", "tests/process/samples/Cargo.toml"];

/// Makes sure that all of it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_languages() && PYTHON.prepare() && npm::install(LOCKED, NODE_FOLDER, WHY) && PROJECTS.into_iter().all(fetch)
}

fn fetch(manifest: &str) -> bool {
    run_aloud(Command::new("cargo").args(["fetch", "--locked", "--manifest-path", manifest]))
}

fn has_languages() -> bool {
    let needed =
        [("python3", "python3"), ("node", "nodejs"), ("go", "golang-go"), ("openssl", "openssl"), ("curl", "curl"), ("jq", "jq")];
    let missing: Vec<&str> = needed.into_iter().filter(|(program, _)| !is_on_path(program)).map(|(_, package)| package).collect();
    missing.is_empty() || install(&missing, "the tests of webhook receivers need these languages")
}
