//! Programs that a chore needs beside cargo, and the packages of Debian that have them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run_aloud;

/// Installs Debian packages, where this may.
pub(crate) fn install(packages: &[&str], why: &str) -> bool {
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

/// Installs a package, and disables the service that it starts.
pub(crate) fn install_without_service(package: &str, service: &str, why: &str) -> bool {
    let is_installed = install(&[package], why);
    if is_installed && Path::new("/run/systemd/system").exists() {
        // Only in the way if it stays: the program is there.
        run_aloud(Command::new("systemctl").args(["disable", "--now", service]));
    }
    is_installed
}

pub(crate) fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The files and folders in a folder: none, if it is not there.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
