//! A node: a process that is started again when it has ended, at the same address.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::say;
use crate::run::{Process, Product, Stop, answers, until};

/// The time that a node stays down, long enough to observe the others without it.
const PAUSE: Duration = Duration::from_secs(5);

/// One of the nodes.
pub(super) struct Node {
    name: &'static str,
    pub(super) address: SocketAddr,
    command: Command,
    log: PathBuf,
    state: State,
}

enum State {
    Runs(Process),
    Ended(Instant),
}

impl Node {
    /// Starts it, behind a proxy that people reach at `front`.
    pub(super) fn start(
        product: &Product,
        folder: &Path,
        name: &'static str,
        address: SocketAddr,
        front: &str,
    ) -> io::Result<Self> {
        let listen = address.to_string();
        let mut command = product.command(&["serve", "--node-name", name, "--listen", &listen, "--public-url", front]);
        command.args(["--trusted-proxies", "127.0.0.1/32"]).current_dir(folder);
        let log = folder.join(format!("{name}.log"));
        let state = State::Runs(Process::start(&mut command, &log)?);
        Ok(Self { name, address, command, log, state })
    }

    /// Waits until it is ready.
    pub(super) fn wait(&mut self, stop: &Stop) -> io::Result<()> {
        let (what, address) = (format!("node {} is ready", self.name), self.address);
        let State::Runs(process) = &mut self.state else { return Ok(()) };
        until(stop, &what, || Ok(process.lives(&format!("node {}", self.name))? && answers(address)))
    }

    /// Says so if it has ended, however that came, and starts it again a while later.
    pub(super) fn look_after(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Runs(process) => {
                if let Some(status) = process.ended()? {
                    say(format!("Node {} has ended ({status}); in {} seconds it is started again.", self.name, PAUSE.as_secs()));
                    self.state = State::Ended(Instant::now());
                }
            }
            State::Ended(at) if at.elapsed() >= PAUSE => self.start_again(),
            State::Ended(_) => {}
        }
        Ok(())
    }

    fn start_again(&mut self) {
        match Process::start(&mut self.command, &self.log) {
            Ok(process) => {
                self.state = State::Runs(process);
                say(format!("Node {} is started again:\n{self}", self.name));
            }
            // The binary may be away while it is built anew.
            Err(error) => {
                self.state = State::Ended(Instant::now());
                say(format!("Node {} does not start ({error}); in {} seconds once more.", self.name, PAUSE.as_secs()));
            }
        }
    }

    /// Asks it to end, and does not wait.
    pub(super) fn ask_to_end(&mut self) {
        if let State::Runs(process) = &mut self.state {
            process.ask_to_end();
        }
    }
}

/// Formats its address and the commands for it.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:5}  http://{}", self.name, self.address)?;
        match &self.state {
            State::Runs(process) => write!(f, "   kill -STOP {0}   kill -CONT {0}   kill -KILL {0}", process.id()),
            State::Ended(_) => write!(f, "   has ended"),
        }
    }
}
