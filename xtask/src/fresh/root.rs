//! A file system made by debootstrap, with the machine's Rust toolchain and a clone of the repository.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt;

/// The toolchain and the clone, as the root has them.
const TOOLCHAIN: &str = "/opt/rust";
const CLONE: &str = "/root/planeconnection";

/// A mount namespace of its own holds the mounts, and a process namespace all that a command leaves running: both go with it.
const UNSHARE: [&str; 5] = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];

/// Mounts what a Linux system has, and the toolchain, which nothing may write to; then runs a command in the root.
const ENTER: &str = "set -e
mount --bind \"$TOOLCHAIN\" \"$ROOT/opt/rust\"
mount -o remount,bind,ro \"$ROOT/opt/rust\"
mount -t proc proc \"$ROOT/proc\"
mount --rbind /dev \"$ROOT/dev\"
exec chroot \"$ROOT\" /usr/bin/env -u TOOLCHAIN -u ROOT -u COMMAND /bin/bash -c \"$COMMAND\"";

/// The machine's network settings, besides cargo's own.
const NETWORK: [&str; 2] = ["/etc/resolv.conf", "/etc/pip.conf"];
const AUTHORITIES: &str = "/usr/local/share/ca-certificates";

pub(super) struct Root(PathBuf);

impl Root {
    /// A bare system with a C compiler, which the README asks for.
    pub(super) fn make(folder: &Path) -> io::Result<Self> {
        let release = apt::release()?;
        gone(folder)?;
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let packages = "--include=ca-certificates,build-essential";
        done(Command::new("debootstrap").args(["--variant=minbase", packages, &release.name]).arg(folder).arg(&release.mirror))?;
        let root = Self(folder.to_owned());
        root.copy_network()?;
        for folder in [TOOLCHAIN, "/root/.cargo"] {
            std::fs::create_dir_all(root.inside(folder))?;
        }
        if let Some(settings) = cargo_settings() {
            std::fs::copy(settings, root.inside("/root/.cargo/config.toml"))?;
        }
        done(Command::new("git").args(["clone", "--quiet", "--no-hardlinks", "."]).arg(root.inside(CLONE)))?;
        Ok(root)
    }

    /// Another one like it.
    pub(super) fn copy(&self, folder: &Path) -> io::Result<Self> {
        gone(folder)?;
        done(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(&self.0).arg(folder))?;
        Ok(Self(folder.to_owned()))
    }

    /// Runs a command in the clone; an error if it fails.
    pub(super) fn run(&self, command: &str) -> io::Result<()> {
        done(&mut self.command(command))
    }

    /// Returns a command in the root, not started yet.
    pub(super) fn command(&self, command: &str) -> Command {
        let [unshare, arguments @ ..] = UNSHARE;
        let mut entering = Command::new(unshare);
        entering.args(arguments).args(["/bin/sh", "-c", ENTER]).env_clear().envs(std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy().to_uppercase();
            name.ends_with("_PROXY") || name.starts_with("CARGO_REGISTRIES_") || name.starts_with("CARGO_SOURCE_")
        }));
        entering.env("PATH", format!("{TOOLCHAIN}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        entering.envs([("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("DEBIAN_FRONTEND", "noninteractive")]);
        entering.env("TOOLCHAIN", toolchain()).env("ROOT", &self.0).env("COMMAND", format!("cd {CLONE} && {command}"));
        entering
    }

    /// Lets the root reach what the machine reaches.
    fn copy_network(&self) -> io::Result<()> {
        for file in NETWORK.into_iter().filter(|file| Path::new(file).exists()) {
            std::fs::copy(file, self.inside(file))?;
        }
        std::fs::write(self.inside("/etc/apt/apt.conf.d/00machine"), apt::settings()?)?;
        for entry in std::fs::read_dir(AUTHORITIES).into_iter().flatten() {
            let entry = entry?;
            std::fs::copy(entry.path(), self.inside(AUTHORITIES).join(entry.file_name()))?;
        }
        done(Command::new("chroot").arg(&self.0).args(["update-ca-certificates", "--fresh"]))
    }

    fn inside(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }
}

/// Returns the folder of the toolchain that runs cargo.
fn toolchain() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())).unwrap_or_default()
}

fn cargo_settings() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("config.toml")).filter(|settings| settings.is_file())
}

fn gone(folder: &Path) -> io::Result<()> {
    if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) }
}

fn done(command: &mut Command) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{program}: {status}"))) }
}
