//! A node as a real process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::http::Client;
use crate::key::Key;
use crate::wait::{DEADLINE, until};
use crate::{OWNER, PASSWORD};

/// A running `serve`, killed when dropped.
pub struct Node {
    child: Child,
    pub address: SocketAddr,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts a node, and waits until it prints its address.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::try_start(command).unwrap_or_else(|stderr| panic!("the node did not start: {stderr}"))
    }

    /// Starts a node. Fails with its stderr if it ends before it listens.
    pub fn try_start(mut command: Command) -> Result<Self, String> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let (sender, lines) = mpsc::channel();
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().expect("a pipe"), Arc::clone(&stdout), Some(sender)),
            collect(child.stderr.take().expect("a pipe"), Arc::clone(&stderr), None),
        ];
        let deadline = Instant::now() + DEADLINE;
        let address = loop {
            let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
                let _ended = child.kill();
                let _ended = child.wait();
                join(readers);
                return Err(text(&stderr));
            };
            if let Some(address) = line.strip_prefix("Listening on http://").and_then(|address| address.trim().parse().ok()) {
                break address;
            }
        };
        Ok(Self { child, address, stdout, stderr, readers })
    }

    /// A client without credentials, on a connection of its own.
    pub fn anonymous(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    pub fn with_key(&self, key: &Key) -> Client {
        self.anonymous().header("x-api-key", &key.secret)
    }

    /// The account owner, in a new session.
    pub fn owner(&self) -> Client {
        self.owner_with(&self.sign_in())
    }

    /// Signs the account owner in, and returns the session token.
    pub fn sign_in(&self) -> String {
        let body = json!({ "email": OWNER, "password": PASSWORD });
        let response = self.anonymous().post("/api/v1/auth/sign-in", &body).is(200);
        response.json["data"]["token"].as_str().expect("a token").to_owned()
    }

    /// The account owner, in the session of this token.
    pub fn owner_with(&self, token: &str) -> Client {
        self.anonymous().header("authorization", &format!("Bearer {token}"))
    }

    /// Everything that was written to stdout so far.
    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// Everything that was written to stderr so far: the log.
    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a signal");
    }

    /// Freezes the process with SIGSTOP, and waits until the kernel reports it as stopped.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
        let stat = format!("/proc/{}/stat", self.child.id());
        until("the node is stopped", || {
            std::fs::read_to_string(&stat).expect("a process").rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        });
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills the process with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("an end");
    }

    /// Stops the node gracefully; returns its exit status, stdout and stderr.
    pub fn stop(self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        self.wait_for_exit()
    }

    /// Waits until the process ends by itself; returns its exit status, stdout and stderr.
    pub fn wait_for_exit(mut self) -> (ExitStatus, String, String) {
        let mut status = None;
        until("the node ends", || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        });
        join(std::mem::take(&mut self.readers));
        (status.expect("a status"), self.stdout(), self.stderr())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn text(shared: &Mutex<String>) -> String {
    shared.lock().expect("no panic").clone()
}

fn join(readers: Vec<JoinHandle<()>>) {
    for reader in readers {
        reader.join().expect("a reader");
    }
}

/// Reads a pipe to its end in a thread, since a process blocks on a pipe that is full.
fn collect(from: impl Read + Send + 'static, into: Arc<Mutex<String>>, lines: Option<mpsc::Sender<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0) {
            into.lock().expect("no panic").push_str(&line);
            if let Some(lines) = &lines {
                // The receiver is dropped once the node has started.
                let _unheard = lines.send(line.clone());
            }
            line.clear();
        }
    })
}
