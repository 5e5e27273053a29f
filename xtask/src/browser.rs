//! What the browser tests need beside cargo, each looked for and fetched by itself: Chromium and a font from Debian, and
//! axe-core from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::debian::{install, is_on_path};
use crate::{command, run_aloud};

/// The package of PyPI that axe-core comes in. Debian's npm would bring it as well, and some 380 packages of its own.
/// Exact, so that a new rule is a change of this line and not a surprise.
const AXE_PACKAGE: &str = "pytest-playwright-axe==4.14.0";

/// The file in that package.
const AXE_FILE: &str = "pytest_playwright_axe/resources/axe.min.js";

/// The SHA-256 of `axe.min.js` 4.14.0, as `sri-history.json` of axe-core's later versions has it.
const AXE_DIGEST: &str = "20c09fe157a8a34a30e241aaa1fcdade657734f08ab379ecfbeb7d45cc46e878";

/// Where the tests look for it.
const AXE: &str = "target/browser/axe.min.js";

/// Where it is unpacked.
const FETCHED: &str = "target/browser/fetched";

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The font of pages whose typeface did not arrive, and where `tests/browser/fonts.conf` looks for it.
const FONT: &str = "DejaVuSans.ttf";
const FONT_FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// Makes sure that all of it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_chromium() && has_font() && has_axe()
}

/// Runs the test that writes pictures of the pages.
pub(crate) fn pictures() -> bool {
    run_aloud(command("cargo").args(["test", "--test", "browser", "pictures", "--", "--ignored", "--nocapture"]))
}

fn has_chromium() -> bool {
    let is_here = std::env::var_os("CHROMIUM").is_some() || NAMES.into_iter().any(is_on_path);
    is_here || install(&["chromium"], "the browser tests need Chromium, on the PATH or named in CHROMIUM")
}

fn has_font() -> bool {
    let is_here = FONT_FOLDERS.iter().any(|folder| is_below(Path::new(folder), FONT));
    is_here || install(&["fonts-dejavu-core"], "the browser tests need the font DejaVu Sans")
}

fn is_below(folder: &Path, file: &str) -> bool {
    folder.join(file).is_file() || entries(folder).iter().any(|entry| entry.is_dir() && is_below(entry, file))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect()
}

fn has_axe() -> bool {
    if has_digest(Path::new(AXE)) {
        return true;
    }
    let why = "the browser tests need axe-core, which pip fetches";
    let has_pip = || Command::new("python3").args(["-m", "pip", "--version"]).output().is_ok_and(|out| out.status.success());
    if !has_pip() && !install(&["python3-pip"], why) {
        return false;
    }
    let is_fetched = fetch_axe();
    if !is_fetched {
        eprintln!("{why}: {AXE_PACKAGE} did not come, or is not what it was");
    }
    is_fetched
}

/// Downloads the package, nothing that it depends on, and takes the one file out of it.
fn fetch_axe() -> bool {
    // An earlier attempt may have left something.
    let _none = std::fs::remove_dir_all(FETCHED);
    let python = |arguments: &[&str]| run_aloud(Command::new("python3").args(arguments));
    let only = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python"];
    if !python(&[&["-m", "pip", "download", "--quiet", "--dest", FETCHED], only.as_slice(), &[AXE_PACKAGE]].concat()) {
        return false;
    }
    let wheel = entries(Path::new(FETCHED)).pop().map(|wheel| wheel.display().to_string()).unwrap_or_default();
    let file = Path::new(FETCHED).join(AXE_FILE);
    python(&["-m", "zipfile", "-e", &wheel, FETCHED]) && has_digest(&file) && std::fs::copy(file, AXE).is_ok()
}

fn has_digest(file: &Path) -> bool {
    let hex = |content| Sha256::digest(content).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    std::fs::read(file).is_ok_and(|content: Vec<u8>| hex(content) == AXE_DIGEST)
}
