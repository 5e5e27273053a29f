//! A server with fixed pages, for the tests of the harness itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::tab::Tab;

/// A server that answers every request as a function of its first line says: the whole response.
pub struct FakeServer {
    address: SocketAddr,
}

impl FakeServer {
    pub fn new(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        // It ends with the process: a test, or all of them.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || serve(stream, answer));
            }
        });
        Self { address }
    }

    pub fn tab(&self) -> Tab {
        Tab::at(&format!("http://{}", self.address))
    }
}

/// One request of a connection; a browser that went away needs no answer.
fn serve(mut stream: TcpStream, answer: fn(&str) -> String) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let line = lines.next()?;
    let heads: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let length = heads.iter().find_map(|head| head.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    // An unread body would discard the response when the connection closes.
    reader.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()?;
    stream.write_all(answer(line.strip_suffix(" HTTP/1.1").unwrap_or(&line)).as_bytes()).ok()
}
