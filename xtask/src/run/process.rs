//! A process in the background, which does not outlive its guard.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The time limit of ending. A node finishes requests for eight seconds, then flushes usage.
const PATIENCE: Duration = Duration::from_secs(15);

/// The lines of the log that are shown for a process that did not start: the log is deleted with its folder.
const TOLD: usize = 10;

/// A running process; dropped, it is asked to end, and made to if it does not.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it prints is added to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // A group of its own: Ctrl+C in a terminal is for the chore alone, which then stops things in their order.
        Ok(Self { child: command.process_group(0).spawn()?, log: log.to_owned() })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status, once the process has ended.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// True; if it has ended, an error that tells why, as far as it said so itself.
    pub(crate) fn lives(&mut self, name: &str) -> io::Result<bool> {
        let Some(status) = self.ended()? else { return Ok(true) };
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = said.lines().collect();
        let told = lines[lines.len().saturating_sub(TOLD)..].join("\n");
        Err(io::Error::other(format!("{name} has ended ({status}):\n{told}")))
    }

    /// Asks it to end, and does not wait. A frozen one hears of it only when it goes on.
    pub(crate) fn ask_to_end(&mut self) {
        // One that has been waited for has no number any more, or somebody else has it.
        if matches!(self.child.try_wait(), Ok(None)) {
            for signal in [Signal::TERM, Signal::CONT] {
                // Or it has ended by now, which is what was wanted.
                let _ended = kill_process(Pid::from_child(&self.child), signal);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.ask_to_end();
        let until = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            sleep(Duration::from_millis(10));
        }
        // Nothing, if it has ended.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
