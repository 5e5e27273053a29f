//! The version before this one, for the tests of a rolling upgrade.

use std::path::Path;
use std::process::Command;

use crate::{command, run_aloud};

/// Its commit. A release moves it to the one before.
const COMMIT: &str = "71f5deffd0df57db3cd4687add09b8c71a631e4b";

/// The folder that the previous version is built in, and that the tests look in.
const FOLDER: &str = "target/previous";

/// Builds it, unless it is there; false, and why on stderr, if it cannot be.
pub(crate) fn build() -> bool {
    let (source, built) = (format!("{FOLDER}/source"), format!("{FOLDER}/{COMMIT}"));
    if Path::new(&built).exists() {
        return true;
    }
    if !git(&["cat-file", "-e", COMMIT]) {
        eprintln!("the tests of a rolling upgrade need the history of this repository, which a shallow clone lacks");
        return false;
    }
    // What an attempt before this one has left is no worktree that git knows.
    let _none = std::fs::remove_dir_all(&source);
    let manifest = format!("{source}/Cargo.toml");
    let target = format!("{FOLDER}/build");
    let is_built = git(&["worktree", "prune"])
        && git(&["worktree", "add", "--force", "--detach", &source, COMMIT])
        && run_aloud(
            // Without debug information, which only makes the build longer.
            command("cargo")
                .args(["build", "--quiet", "--bin", "planeconnection"])
                .args(["--manifest-path", &manifest, "--target-dir", &target])
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        );
    git(&["worktree", "remove", "--force", &source]);
    is_built && std::fs::write(built, "").is_ok()
}

fn git(arguments: &[&str]) -> bool {
    Command::new("git").args(arguments).status().is_ok_and(|status| status.success())
}
