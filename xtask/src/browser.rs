//! The requirements of the browser tests besides cargo, each installed if it is missing: Chromium and a font from Debian, and
//! axe-core from PyPI.

use std::path::Path;

use crate::debian::{entries, install, is_on_path};
use crate::pip::Packaged;
use crate::{command, run_aloud};

/// One of the packages of PyPI that axe-core comes in. Debian's npm would bring it as well, and some 380 packages of its own.
/// Exact, so that a new rule is a change of this line and not a surprise.
const AXE: Packaged = Packaged {
    requirement: "pytest-playwright-axe==4.14.0 \
                  --hash=sha256:b8eed34ac17e1c1094983eaef97687e65b3e0c5a0de0257b8b34cc05430a07ca",
    path: "pytest_playwright_axe/resources/axe.min.js",
    to: "target/tools/axe-4.14.0.min.js",
    why: "the browser tests need axe-core",
};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The font of pages whose typeface did not arrive, and where `tests/browser/fonts.conf` looks for it.
const FONT: &str = "DejaVuSans.ttf";
const FONT_FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// Makes sure that all of it is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_chromium() && has_font() && AXE.prepare()
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
