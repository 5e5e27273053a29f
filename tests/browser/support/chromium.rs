//! A headless Chromium with a new profile, ended when dropped.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use testkit::DEADLINE;
use testkit::wait::within;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const MISSING: &str = "there is no Chromium here: `cargo xtask test` installs it, or `apt-get install chromium` does on \
                       Debian; one that is elsewhere is named in CHROMIUM";

const FLAGS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--hide-scrollbars",
    // Dates are typed and shown in one order on every machine.
    "--lang=en-US",
    "--remote-debugging-port=0",
];

/// Only DejaVu Sans beside what a page brings, so that pages look alike on every machine.
const FONTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/fonts.conf");

pub struct Chromium {
    process: Child,
    profile: TempDir,
    /// The URL of the `DevTools` WebSocket.
    pub address: String,
}

impl Chromium {
    /// Now and then a Chromium crashes before it has shown anything: that says nothing of the pages.
    pub fn start() -> Self {
        let mut heard = String::new();
        for _attempt in 0..3 {
            match Self::try_start() {
                Ok(started) => return started,
                Err(said) => heard.push_str(&said),
            }
        }
        panic!("Chromium did not start: {heard}");
    }

    /// Starts Chromium. Fails with its stderr if it ends or falls silent before it listens.
    fn try_start() -> Result<Self, String> {
        let profile = TempDir::new().expect("a temporary folder");
        let mut process = command(&profile).spawn().expect("Chromium starts");
        let stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let (lines, said) = mpsc::channel();
        // Read to its end, or Chromium would wait for room in the pipe.
        thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
        // From here on it is ended, whatever becomes of it.
        let mut started = Self { process, profile, address: String::new() };
        let mut heard = String::new();
        loop {
            let Ok(line) = said.recv_timeout(DEADLINE) else { return Err(heard) };
            if let Some(address) = line.strip_prefix("DevTools listening on ") {
                address.trim().clone_into(&mut started.address);
                return Ok(started);
            }
            heard.extend([&line, "\n"]);
        }
    }

    /// The folder for downloads.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join("downloads")
    }
}

/// With nothing of this process's environment but where programs are.
fn command(profile: &TempDir) -> Command {
    let mut command = Command::new(program().expect(MISSING));
    command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().join("profile").display())).arg("about:blank");
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(["HOME", "TMPDIR"].map(|name| (name, profile.path())));
    command.envs([("FONTCONFIG_FILE", FONTS), ("LC_ALL", "C.UTF-8"), ("LANGUAGE", "en_US"), ("TZ", "UTC")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn program() -> Option<OsString> {
    env::var_os("CHROMIUM").or_else(|| {
        let path = env::var_os("PATH")?;
        let folders: Vec<PathBuf> = env::split_paths(&path).collect();
        let known = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        known.into_iter().find(|file| file.is_file()).map(PathBuf::into_os_string)
    })
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // SIGTERM lets it clean up. It may have ended already.
        let _gone = kill_process(Pid::from_child(&self.process), Signal::TERM);
        within(DEADLINE, || !matches!(self.process.try_wait(), Ok(None)));
        let _ended = self.process.kill();
        let _ended = self.process.wait();
        // A helper process that ends later may write into the folder while it is deleted. No panic: a failed test may drop this.
        within(DEADLINE, || std::fs::remove_dir_all(self.profile.path()).is_ok() || !self.profile.path().exists());
    }
}
