//! The service behind a proxy: it answers every request with what it received.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

/// A service on a free port. Its threads end with the test.
pub(crate) struct Service {
    pub(crate) port: u16,
    requests: Arc<AtomicUsize>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counter = Arc::clone(&counter);
                // A proxy may open a connection and close it without a request.
                std::thread::spawn(move || drop(answer(stream, &counter)));
            }
        });
        Self { port, requests }
    }

    /// The number of requests that have reached the service.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer(stream: TcpStream, counter: &AtomicUsize) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let first = line(&mut reader)?;
    let [method, path] = [0, 1].map(|at| first.split(' ').nth(at).unwrap_or_default().to_owned());
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let line = line(&mut reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let length = match (header("content-length"), header("transfer-encoding")) {
        (Some(length), _) => skip(&mut reader, length.parse().map_err(|_| io::ErrorKind::InvalidData)?)?,
        (None, Some(_)) => skip_chunks(&mut reader)?,
        (None, None) => 0,
    };
    counter.fetch_add(1, Ordering::SeqCst);
    let body = json!({ "method": method, "path": path, "headers": headers, "length": length }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-method: {method}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes())?;
    if method == "HEAD" { Ok(()) } else { stream.write_all(body.as_bytes()) }
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn skip(reader: &mut impl Read, length: u64) -> io::Result<u64> {
    io::copy(&mut reader.take(length), &mut io::sink())
}

fn skip_chunks(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut total = 0;
    loop {
        let size = u64::from_str_radix(&line(reader)?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        total += skip(reader, size)?;
        line(reader)?;
        if size == 0 {
            return Ok(total);
        }
    }
}

/// Returns the values of a header of an echoed request, however often it was sent.
pub(crate) fn values<'a>(echo: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = echo["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    headers.iter().filter(|header| header[0] == name).filter_map(|header| header[1].as_str()).collect()
}
