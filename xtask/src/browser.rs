//! What the browser tests need beside cargo: Chromium from Debian and axe-core from npm.

use std::path::Path;
use std::process::Command;

use crate::debian::{install, is_on_path};
use crate::{command, run_aloud};

/// Exact, so that a new rule is a change of this line and not a surprise.
const AXE: &str = "4.14.1";

/// Where the tests look for it.
const FOLDER: &str = "target/browser";

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// With the fonts that pages ask for first.
const PACKAGES: [&str; 3] = ["chromium", "fonts-dejavu-core", "fonts-inter"];

/// Makes sure that all of it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_chromium() && has_axe()
}

/// Runs the test that writes pictures of the pages.
pub(crate) fn pictures() -> bool {
    run_aloud(command("cargo").args(["test", "--test", "browser", "pictures", "--", "--ignored", "--nocapture"]))
}

fn has_chromium() -> bool {
    let is_here = std::env::var_os("CHROMIUM").is_some() || NAMES.into_iter().any(is_on_path);
    is_here || install(&PACKAGES, "the browser tests need Chromium, on the PATH or named in CHROMIUM")
}

fn has_axe() -> bool {
    let package = Path::new(FOLDER).join("node_modules/axe-core/package.json");
    let wanted = format!("\"version\": \"{AXE}\"");
    if std::fs::read_to_string(package).is_ok_and(|package| package.contains(&wanted)) {
        return true;
    }
    if !is_on_path("npm") && !install(&["npm"], "the browser tests need axe-core, which npm fetches") {
        return false;
    }
    let quietly = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", FOLDER];
    std::fs::create_dir_all(FOLDER).is_ok() && run_aloud(Command::new("npm").args(quietly).arg(format!("axe-core@{AXE}")))
}
