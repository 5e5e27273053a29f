//! A proxy between a node and its Postgres server that can lose commits, and be led to another server.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use testkit::{Proxy, Relay};

/// The fate of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commits {
    Pass,
    /// The connection is closed before the server receives the commit.
    LostBefore,
    /// The server commits; the connection is closed before its response arrives.
    LostAfter,
    /// The server commits; its response is discarded, and the connection stays open.
    Silent,
}

impl Commits {
    const ALL: [Self; 4] = [Self::Pass, Self::LostBefore, Self::LostAfter, Self::Silent];

    fn load(value: &AtomicU8) -> Self {
        Self::ALL[usize::from(value.load(Ordering::Acquire))]
    }
}

pub struct CommitProxy(Proxy<CommitRelay>);

#[derive(Default)]
struct CommitRelay {
    /// The [`Commits`] of commits to come.
    commits: AtomicU8,
    lost: AtomicU64,
}

impl CommitProxy {
    /// A proxy to the server on this port, at which commits pass.
    pub fn to(port: u16) -> Self {
        Self(Proxy::to(port, CommitRelay::default()))
    }

    /// Rewrites a Postgres URL of the server so that it leads through the proxy.
    pub fn url(&self, url: &str) -> String {
        self.0.url(url)
    }

    pub fn set(&self, commits: Commits) {
        self.0.relay().commits.store(commits as u8, Ordering::Release);
    }

    /// Commits so far that did not pass.
    pub fn lost(&self) -> u64 {
        self.0.relay().lost.load(Ordering::Acquire)
    }

    /// Leads to another server from now on, and closes every connection.
    pub fn redirect(&self, port: u16) {
        self.0.redirect(port);
    }
}

impl Relay for CommitRelay {
    /// The [`Commits`] of the last commit on the connection.
    type Connection = AtomicU8;

    /// Carries one frontend message after another, by the chapter "Message Formats" of Postgres' manual.
    fn carry_requests(&self, mut client: &TcpStream, mut server: &TcpStream, fate: &AtomicU8) -> io::Result<()> {
        let mut is_started = false;
        loop {
            // The first message has no type; a request for TLS has none either, and another first message follows it.
            let mut message = vec![0; if is_started { 5 } else { 4 }];
            client.read_exact(&mut message)?;
            let length = u32::from_be_bytes(message[message.len() - 4..].try_into().expect("four bytes"));
            let head = message.len();
            message.resize(head + length as usize - 4, 0);
            client.read_exact(&mut message[head..])?;
            is_started = is_started || message.get(4..8) != Some(&[4, 210, 22, 47]);
            if contains(&message, b"COMMIT") {
                let commits = Commits::load(&self.commits);
                if commits != Commits::Pass {
                    self.lost.fetch_add(1, Ordering::AcqRel);
                    fate.store(commits as u8, Ordering::Release);
                }
                if commits == Commits::LostBefore {
                    return Ok(());
                }
            }
            server.write_all(&message)?;
        }
    }

    fn carry_responses(&self, mut server: &TcpStream, mut client: &TcpStream, fate: &AtomicU8) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while let count @ 1.. = server.read(&mut buffer)? {
            match Commits::load(fate) {
                Commits::Pass => client.write_all(&buffer[..count])?,
                // The response says that the commit is done.
                Commits::LostBefore | Commits::LostAfter => return Ok(()),
                Commits::Silent => {}
            }
        }
        Ok(())
    }
}

fn contains(message: &[u8], text: &[u8]) -> bool {
    message.windows(text.len()).any(|window| window == text)
}
