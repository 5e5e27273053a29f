//! The commands of the README in a bare Debian, as somebody who has just cloned the repository meets them.
//!
//! - `readme` the commands; `apt` the machine's release and mirror; `root` a file system made by debootstrap

mod apt;
mod readme;
mod root;

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use self::root::Root;
use crate::debian::{install, is_on_path};
use crate::run::{Process, Stop, ask};

/// The folder of all roots.
const FOLDER: &str = "target/fresh";

/// The time limit of building the demo, in steps of the polling below.
const STEPS: u32 = 30 * 60 * 5;

/// The README's commands in bare Debian roots with nothing but the Rust toolchain, made by debootstrap (as root; takes up to two hours)
#[derive(clap::Args)]
pub(crate) struct Fresh {
    /// Only this command of the README
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Only this root
    #[arg(long, value_enum)]
    root: Option<Kind>,
    /// Leave the roots in target/fresh
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// "Try it": the demo, until its page to sign in is there
    Demo,
    /// "Run the tests": installs packages in the root
    Test,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// No more than what the README asks for
    Bare,
    /// Chromium is installed already, without the Inter font
    Chromium,
}

impl Part {
    fn heading(self) -> &'static str {
        match self {
            Self::Demo => "Try it",
            Self::Test => "Run the tests",
        }
    }
}

impl Fresh {
    pub(crate) fn run(&self) -> bool {
        let is_ready = is_on_path("debootstrap") || install(&["debootstrap"], "a bare root is made by debootstrap");
        let has_passed = is_ready && self.all().inspect_err(|error| eprintln!("== {error}")).is_ok();
        if !self.keep {
            let _gone = std::fs::remove_dir_all(FOLDER);
        }
        has_passed
    }

    fn all(&self) -> io::Result<()> {
        let stop = Stop::on_signals()?;
        let readme = std::fs::read_to_string("README.md")?;
        let folder = std::path::absolute(FOLDER)?;
        let base = Root::make(&folder.join("base"))?;
        for kind in [Kind::Bare, Kind::Chromium] {
            if self.root.is_none_or(|only| only == kind) {
                self.in_one(&base, kind, &folder, &readme, &stop)?;
            }
        }
        Ok(())
    }

    fn in_one(&self, base: &Root, kind: Kind, folder: &Path, readme: &str, stop: &Stop) -> io::Result<()> {
        let root = base.copy(&folder.join(format!("{kind:?}").to_lowercase()))?;
        if kind == Kind::Chromium {
            root.run("apt-get update --quiet --quiet && apt-get install --yes --quiet --quiet --no-install-recommends chromium")?;
        }
        for part in [Part::Demo, Part::Test] {
            if self.only.is_some_and(|only| only != part) {
                continue;
            }
            let commands = readme::commands(readme, part.heading());
            if commands.is_empty() {
                return Err(io::Error::other(format!("the README has no command under \"{}\"", part.heading())));
            }
            for command in commands {
                println!("== {kind:?}: {command}");
                match part {
                    Part::Demo => show_demo(&root, &command, &folder.join("demo.log"), stop)?,
                    Part::Test => root.run(&command)?,
                }
                println!("== {kind:?}: {command}: passed");
            }
        }
        Ok(())
    }
}

/// Starts the demo and opens the page that it names.
fn show_demo(root: &Root, command: &str, log: &Path, stop: &Stop) -> io::Result<()> {
    let mut demo = Process::start(&mut root.command(command), log)?;
    for _ in 0..STEPS {
        demo.lives(command)?;
        if let Some(address) = demo_address(&PathBuf::from(log)) {
            let (status, page) = ask(address, "GET /sign-in", &[], "")?;
            let is_there = status == 200 && page.contains("Sign in");
            return if is_there { Ok(()) } else { Err(io::Error::other(format!("the page to sign in has status {status}"))) };
        }
        if stop.is_asked() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the demo printed no link"))
}

/// The address in the link that the demo has printed, once it has.
fn demo_address(log: &Path) -> Option<std::net::SocketAddr> {
    let said = std::fs::read_to_string(log).ok()?;
    let link = said.split("http://").find(|rest| rest.contains("/sign-in"))?;
    link.split('/').next()?.parse().ok()
}
