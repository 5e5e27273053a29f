//! What the browser tests need beside cargo: Chromium from Debian and axe-core from npm.

use std::path::Path;
use std::process::Command;

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

/// Installs Debian packages, where this may.
fn install(packages: &[&str], why: &str) -> bool {
    let listed = packages.join(" ");
    if !is_on_path("apt-get") || !is_root() {
        eprintln!("{why}: on Debian, `apt-get install {listed}` as root");
        return false;
    }
    let apt = |arguments: &[&str]| run_aloud(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    // A fresh machine knows no packages yet, and an old one those of long ago.
    let is_installed = apt(&install) || (apt(&["update"]) && apt(&install));
    if !is_installed {
        eprintln!("{why}: apt-get did not install {listed}");
    }
    is_installed
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
