//! A network between a node and its database that can be cut: bytes wait and no connection closes, as when packets are
//! lost. Restored, the bytes go on; reset, every old connection is closed first.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};

use crate::proxy::{Proxy, Relay};

pub struct Cable {
    proxy: Proxy<Wire>,
}

#[derive(Default)]
struct Wire {
    is_cut: Mutex<bool>,
    restored: Condvar,
    bytes: AtomicU64,
}

impl Cable {
    /// A cable to the server on this port.
    pub fn to(port: u16) -> Self {
        Self { proxy: Proxy::to(port, Wire::default()) }
    }

    /// Rewrites a Postgres URL of the server so that it leads through the cable.
    pub fn url(&self, url: &str) -> String {
        self.proxy.url(url)
    }

    pub fn cut(&self) {
        self.proxy.relay().set(true);
    }

    pub fn restore(&self) {
        self.proxy.relay().set(false);
    }

    /// Closes every connection, then restores the network.
    pub fn reset(&self) {
        self.proxy.close_connections();
        self.restore();
    }

    /// Bytes that were carried so far, in both directions.
    pub fn bytes(&self) -> u64 {
        self.proxy.relay().bytes.load(Ordering::Acquire)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        // Threads that wait for a cut cable end.
        self.reset();
    }
}

impl Wire {
    fn set(&self, is_cut: bool) {
        *self.is_cut.lock().expect("no panic") = is_cut;
        self.restored.notify_all();
    }

    fn wait_while_cut(&self) {
        let is_cut = self.is_cut.lock().expect("no panic");
        let _restored = self.restored.wait_while(is_cut, |is_cut| *is_cut).expect("no panic");
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while let count @ 1.. = from.read(&mut buffer)? {
            self.wait_while_cut();
            to.write_all(&buffer[..count])?;
            self.bytes.fetch_add(count as u64, Ordering::AcqRel);
        }
        Ok(())
    }
}

impl Relay for Wire {
    type Connection = ();

    fn before_connect(&self) {
        self.wait_while_cut();
    }

    fn carry_requests(&self, client: &TcpStream, server: &TcpStream, (): &()) -> io::Result<()> {
        self.carry(client, server)
    }

    fn carry_responses(&self, server: &TcpStream, client: &TcpStream, (): &()) -> io::Result<()> {
        self.carry(server, client)
    }
}
