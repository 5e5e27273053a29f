//! Single requests, by hand: a chore asks too little to need a client for it.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The time limit of a response.
const SOON: Duration = Duration::from_secs(30);

/// Sends a request and reads all of its answer: the status, and the body.
pub(crate) fn ask(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, SOON)?;
    stream.set_read_timeout(Some(SOON))?;
    let mut request = format!("{line} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        // Writing to a String cannot fail.
        let _written = write!(request, "{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    status.map(|status| (status, body.to_owned())).ok_or_else(|| io::Error::other(format!("no HTTP answer from {address}")))
}

/// Returns whether the server at this address answers that it is ready, itself or through a proxy.
pub(crate) fn answers(address: SocketAddr) -> bool {
    ask(address, "GET /readiness", &[], "").is_ok_and(|(status, _)| status == 200)
}
