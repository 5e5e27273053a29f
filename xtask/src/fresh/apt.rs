//! The release and the mirror of the machine, as its apt has them.

use std::io;
use std::process::Command;

/// A release of Debian and where it is kept.
pub(super) struct Release {
    pub(super) name: String,
    pub(super) mirror: String,
}

/// The release that the machine runs; an error if apt knows no mirror of it.
pub(super) fn release() -> io::Result<Release> {
    let about = std::fs::read_to_string("/etc/os-release")?;
    let name = about.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default().to_owned();
    let targets = said("apt-get", &["indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"])?;
    let mirror = targets.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
    let mirror = mirror.ok_or_else(|| io::Error::other("apt knows no mirror of this Debian: run `apt-get update` first"))?;
    Ok(Release { mirror: mirror.to_owned(), name })
}

/// Returns the machine's settings of fetching (proxies, checks), in apt's syntax.
pub(super) fn settings() -> io::Result<String> {
    said("apt-config", &["dump", "Acquire"])
}

fn said(program: &str, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
