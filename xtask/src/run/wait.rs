//! Waiting for what has been started.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Stop;

/// How long something may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long an answer may take.
const SOON: Duration = Duration::from_secs(5);

/// Waits until it holds; an error if that takes too long, or if this is asked to stop.
pub(super) fn until(stop: &Stop, what: &str, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let longest = Instant::now() + PATIENCE;
    while !holds()? {
        if stop.is_asked() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if Instant::now() > longest {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("waited too long until {what}")));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether a node that is ready answers there, itself or through a proxy.
pub(super) fn answers(address: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, SOON)?;
        stream.set_read_timeout(Some(SOON))?;
        stream.write_all(format!("GET /readiness HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200 "))
    };
    ask().unwrap_or(false)
}
