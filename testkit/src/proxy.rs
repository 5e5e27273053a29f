//! A TCP proxy in front of a server on this machine, for tests of connections that fail.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// The behaviour of a proxy: it carries bytes until either side closes, or until it fails the connection.
pub trait Relay: Send + Sync + 'static {
    /// State of one connection that both directions share.
    type Connection: Default + Sync;

    /// Runs before a client's connection is continued to the server.
    fn before_connect(&self) {}

    /// Carries bytes from the client to the server.
    fn carry_requests(&self, client: &TcpStream, server: &TcpStream, connection: &Self::Connection) -> io::Result<()>;

    /// Carries bytes from the server to the client.
    fn carry_responses(&self, server: &TcpStream, client: &TcpStream, connection: &Self::Connection) -> io::Result<()>;
}

/// A port of this machine that leads to a server. Connections are closed when it is dropped.
pub struct Proxy<R> {
    port: u16,
    shared: Arc<Shared<R>>,
}

struct Shared<R> {
    relay: R,
    server: AtomicU16,
    is_over: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl<R: Relay> Proxy<R> {
    pub fn to(port: u16, relay: R) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let shared =
            Arc::new(Shared { relay, server: AtomicU16::new(port), is_over: AtomicBool::new(false), streams: Mutex::default() });
        let proxy = Self { port: listener.local_addr().expect("an address").port(), shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.connect(&client));
            }
        });
        proxy
    }
}

impl<R> Proxy<R> {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Rewrites a Postgres URL of the server so that it leads through the proxy.
    pub fn url(&self, url: &str) -> String {
        let (before, rest) = url.split_once("127.0.0.1:").expect("a server on this machine");
        let (_, database) = rest.split_once('/').expect("a database");
        format!("{before}127.0.0.1:{}/{database}", self.port)
    }

    /// Leads to another server from now on, and closes every connection.
    pub fn redirect(&self, port: u16) {
        self.shared.server.store(port, Ordering::Release);
        self.close_connections();
    }

    pub fn close_connections(&self) {
        for stream in self.shared.streams.lock().expect("no panic").drain(..) {
            // The other side may have closed it.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn relay(&self) -> &R {
        &self.shared.relay
    }
}

impl<R> Drop for Proxy<R> {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.close_connections();
        // Wakes the thread that accepts connections.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl<R: Relay> Shared<R> {
    fn connect(&self, client: &TcpStream) {
        self.relay.before_connect();
        let server = SocketAddr::from(([127, 0, 0, 1], self.server.load(Ordering::Acquire)));
        let Ok(server) = TcpStream::connect(server) else { return };
        for stream in [client, &server] {
            stream.set_nodelay(true).expect("a socket");
            self.streams.lock().expect("no panic").push(stream.try_clone().expect("a socket"));
        }
        let connection = R::Connection::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ended = self.relay.carry_requests(client, &server, &connection);
                close(client, &server);
            });
            scope.spawn(|| {
                let _ended = self.relay.carry_responses(&server, client, &connection);
                close(client, &server);
            });
        });
    }
}

fn close(client: &TcpStream, server: &TcpStream) {
    // Either may be closed already.
    let _closed = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}
