//! A relay between a node and its server that knows when the node commits, and can be led to another server.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commits {
    Pass,
    /// The server never hears of it, and the connection is closed.
    LostBefore,
    /// The server commits; the connection is closed before it can say so.
    LostAfter,
    /// The server commits, and its answer never arrives.
    Silent,
}

impl Commits {
    const ALL: [Self; 4] = [Self::Pass, Self::LostBefore, Self::LostAfter, Self::Silent];
}

/// A port that leads to a server.
pub struct Wire {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// The server's port.
    target: AtomicU16,
    commits: AtomicU8,
    /// Commits that did not pass.
    lost: AtomicU64,
    is_over: AtomicBool,
    ends: Mutex<Vec<TcpStream>>,
}

impl Wire {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let state = Arc::new(State {
            target: AtomicU16::new(port),
            commits: AtomicU8::new(0),
            lost: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            ends: Mutex::default(),
        });
        let wire = Self { port: listener.local_addr().expect("an address").port(), state: Arc::clone(&state) };
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if state.is_over.load(Ordering::Acquire) {
                    return;
                }
                let state = Arc::clone(&state);
                std::thread::spawn(move || state.join(&near));
            }
        });
        wire
    }

    /// A URL of the server, by way of this port.
    pub fn url(&self, url: &str) -> String {
        let (before, rest) = url.split_once("127.0.0.1:").expect("a server on this machine");
        let (_, database) = rest.split_once('/').expect("a database");
        format!("{before}127.0.0.1:{}/{database}", self.port)
    }

    pub fn set(&self, commits: Commits) {
        self.state.commits.store(commits as u8, Ordering::Release);
    }

    /// How many commits did not pass.
    pub fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Acquire)
    }

    /// Leads to another server from now on; every connection is closed.
    pub fn lead_to(&self, port: u16) {
        self.state.target.store(port, Ordering::Release);
        self.state.hang_up();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Release);
        self.state.hang_up();
        // The thread that waits for connections looks when it gets one.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    fn hang_up(&self) {
        for end in self.ends.lock().expect("no panic").drain(..) {
            // The other side may have done so.
            let _gone = end.shutdown(Shutdown::Both);
        }
    }

    fn join(self: &Arc<Self>, near: &TcpStream) {
        let port = self.target.load(Ordering::Acquire);
        let Ok(far) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))) else { return };
        for end in [near, &far] {
            end.set_nodelay(true).expect("a socket");
            self.ends.lock().expect("no panic").push(end.try_clone().expect("a socket"));
        }
        let fate = AtomicU8::new(Commits::Pass as u8);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ended = self.carry_requests(near, &far, &fate);
                close(near, &far);
            });
            scope.spawn(|| {
                let _ended = carry_answers(&far, near, &fate);
                close(near, &far);
            });
        });
    }

    /// Carries one message after another: of the frontend, by the manual's "Message Formats".
    fn carry_requests(&self, mut from: &TcpStream, mut to: &TcpStream, fate: &AtomicU8) -> std::io::Result<()> {
        let mut is_begun = false;
        loop {
            // The first message has no type; a request for TLS is another of its kind, and is followed by it.
            let mut message = vec![0; if is_begun { 5 } else { 4 }];
            from.read_exact(&mut message)?;
            let length = u32::from_be_bytes(message[message.len() - 4..].try_into().expect("four bytes"));
            let head = message.len();
            message.resize(head + length as usize - 4, 0);
            from.read_exact(&mut message[head..])?;
            is_begun = is_begun || message.get(4..8) != Some(&[4, 210, 22, 47]);
            if contains(&message, b"COMMIT") {
                let commits = Commits::ALL[usize::from(self.commits.load(Ordering::Acquire))];
                if commits != Commits::Pass {
                    self.lost.fetch_add(1, Ordering::AcqRel);
                    fate.store(commits as u8, Ordering::Release);
                }
                if commits == Commits::LostBefore {
                    return Ok(());
                }
            }
            to.write_all(&message)?;
        }
    }
}

fn carry_answers(mut from: &TcpStream, mut to: &TcpStream, fate: &AtomicU8) -> std::io::Result<()> {
    let mut bytes = [0; 16 * 1024];
    while let count @ 1.. = from.read(&mut bytes)? {
        match Commits::ALL[usize::from(fate.load(Ordering::Acquire))] {
            Commits::Pass => to.write_all(&bytes[..count])?,
            // The answer says that it is done.
            Commits::LostBefore | Commits::LostAfter => return Ok(()),
            Commits::Silent => std::thread::park_timeout(Duration::from_millis(2)),
        }
    }
    Ok(())
}

fn close(near: &TcpStream, far: &TcpStream) {
    // Either may be gone.
    let _gone = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
}

fn contains(message: &[u8], text: &[u8]) -> bool {
    message.windows(text.len()).any(|window| window == text)
}
