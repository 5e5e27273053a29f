//! A cable between a node and its database that can be cut: what is sent waits, as in a network that has failed, and
//! nobody is told. Mended, what waited goes on, or every connection of before is broken.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is on one end, and how to get to the other.
pub struct Cable {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    is_over: AtomicBool,
    /// Bytes that were let through.
    passed: AtomicU64,
    ends: Mutex<Vec<TcpStream>>,
}

impl Cable {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let cable = Self { port: listener.local_addr().expect("an address").port(), state: Arc::default() };
        let state = Arc::clone(&cable.state);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if state.is_over.load(Ordering::Acquire) {
                    return;
                }
                let state = Arc::clone(&state);
                std::thread::spawn(move || state.join(&near, port));
            }
        });
        cable
    }

    /// A URL of the server, by way of this cable.
    pub fn url(&self, url: &str) -> String {
        let (before, rest) = url.split_once("127.0.0.1:").expect("a server on this machine");
        let (_, database) = rest.split_once('/').expect("a database");
        format!("{before}127.0.0.1:{}/{database}", self.port)
    }

    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::Release);
    }

    /// What waited goes on.
    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::Release);
    }

    /// Whoever was connected has to connect again.
    pub fn mend_anew(&self) {
        self.state.hang_up();
        self.mend();
    }

    pub fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::Acquire)
    }
}

impl Drop for Cable {
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

    fn join(self: &Arc<Self>, near: &TcpStream, port: u16) {
        self.wait();
        let Ok(far) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))) else { return };
        for end in [near, &far] {
            end.set_nodelay(true).expect("a socket");
            self.ends.lock().expect("no panic").push(end.try_clone().expect("a socket"));
        }
        std::thread::scope(|scope| {
            scope.spawn(|| self.carry(near, &far));
            scope.spawn(|| self.carry(&far, near));
        });
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            self.wait();
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
            self.passed.fetch_add(count as u64, Ordering::AcqRel);
        }
        // Either may be gone.
        let _gone = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    fn wait(&self) {
        while self.is_cut.load(Ordering::Acquire) && !self.is_over.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}
