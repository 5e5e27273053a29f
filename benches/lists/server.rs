//! The product as a process of its own, and requests to it over HTTP.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use testkit::{Client, until};

use crate::AT_ONCE;

/// A running `serve` with connections to it; killed when dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    connections: Vec<BufReader<TcpStream>>,
}

impl Server {
    /// Starts a node on a database, with its log in a file.
    pub(super) fn start(url: &str, folder: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let log = File::create(folder.join("node.log")).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_planeconnection"));
        command.args(["serve", "--listen", &address.to_string(), "--database", url]).env_clear().current_dir(folder);
        command.env("PLANECONNECTION_LIMITS", "member-reads=none,workspace-reads=none");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        let child = command.spawn().expect("the binary runs");
        let mut server = Self { child, address, connections: Vec::new() };
        let is_ready = || {
            let response = Client::connect(address).and_then(|mut client| client.try_send("GET", "/readiness", None));
            response.is_ok_and(|response| response.status == 200)
        };
        until("the node is ready", is_ready);
        server.connections.extend((0..AT_ONCE).map(|_| connect(address)));
        server
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a call over each connection, and then reads all responses.
    pub(super) fn burst(&mut self, path: &str, (name, value): &(&'static str, String)) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{name}: {value}\r\n\r\n", self.address);
        for connection in &mut self.connections {
            connection.get_mut().write_all(request.as_bytes()).expect("a request is sent");
        }
        for connection in &mut self.connections {
            read_response(connection).expect("a response");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option of the socket");
    BufReader::new(stream)
}

/// Reads a response of a known length. Fails if its status is not 200.
fn read_response(connection: &mut BufReader<TcpStream>) -> io::Result<()> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(line));
    }
    let mut length = None;
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    let read = io::copy(&mut connection.by_ref().take(length), &mut io::sink())?;
    if read == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
