//! The product's binary, and the commands that make something to try it with.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{command, run_aloud};

pub(crate) const OWNER: &str = "ana@skyline.example";

/// The binary, and the database that all of its processes share.
pub(crate) struct Product {
    pub(crate) binary: PathBuf,
    pub(crate) database: String,
}

/// A key as its maker was told of it.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Builds what `targets` name, or everything; where the product's binary is then.
pub(crate) fn build(profile: Profile, targets: &[&str]) -> Option<PathBuf> {
    let arguments: &[&str] = match profile {
        Profile::Release => &["build", "--release"],
        Profile::Dev => &["build"],
    };
    if !run_aloud(command("cargo").args(arguments).args(targets)) {
        return None;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let binary = target.join(profile.folder()).join("planeconnection");
    // In full, so that lines with it work as pasted in any folder.
    std::path::absolute(binary).ok()
}

/// The build profile.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    Release,
    Dev,
}

impl Profile {
    const fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

impl Product {
    /// The binary with these arguments on the database, and with nothing else that this process's environment would tell it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PLANECONNECTION_")) {
                command.env_remove(name);
            }
        }
        command.args(arguments).args(["--database", &self.database]);
        command
    }

    /// Makes the workspace "skyline"; the password of its owner.
    pub(crate) fn make_workspace(&self) -> io::Result<String> {
        self.make_workspace_of("skyline", OWNER)
    }

    /// Makes a workspace with this slug; the password of its owner.
    pub(crate) fn make_workspace_of(&self, slug: &str, owner: &str) -> io::Result<String> {
        let password = random_password()?;
        let named = ["--name", "Skyline Aviation", "--slug", slug];
        let account = ["--owner-email", owner, "--owner-name", "Ana Keller", "--owner-password-stdin"];
        self.run(&[&["workspace", "create"], &named[..], &account].concat(), &password)?;
        Ok(password)
    }

    /// Makes a key of that workspace which may do all that a key may.
    pub(crate) fn make_key(&self) -> io::Result<Key> {
        let named = ["keys", "create", "--json", "--workspace", "skyline", "--name", "To try things"];
        let answer = self.run(&[&named[..], &["--permissions", "read_write", "--expires-in", "7d"]].concat(), "")?;
        let field = |name: &str| {
            let found = answer.split_once(&format!("\"{name}\": \"")).and_then(|(_, rest)| rest.split_once('"'));
            found.map(|(value, _)| value.to_owned()).ok_or_else(|| io::Error::other(format!("a key without {name}: {answer}")))
        };
        Ok(Key { id: field("id")?, secret: field("secret")? })
    }

    /// Runs a command to its end; what it answered.
    fn run(&self, arguments: &[&str], input: &str) -> io::Result<String> {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        // It has said why.
        Err(io::Error::other(format!("`planeconnection {}` failed ({})", arguments.join(" "), output.status)))
    }
}

/// Returns a password that no other machine can guess: the node may listen on a public address.
fn random_password() -> io::Result<String> {
    let mut bytes = [0; 8];
    File::open(Path::new("/dev/urandom"))?.read_exact(&mut bytes)?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}
