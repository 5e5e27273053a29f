//! Requests of HTTP/1.1, as far as a sender of webhooks makes them: with `Content-Length`, one after the other.

use std::io;
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::now;

/// The bytes that a head may have.
const MAX_HEAD: usize = 64 * 1024;

/// A request with the time at which its first byte was read.
pub(super) struct Request {
    pub(super) path: String,
    pub(super) body: String,
    pub(super) first_byte: SystemTime,
}

/// Reads requests from a connection.
pub(super) struct Reader<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Reader<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the next request, or `None` once the connection is closed.
    pub(super) async fn next(&mut self) -> io::Result<Option<Request>> {
        if self.buffer.is_empty() && self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Ok(None);
        }
        let first_byte = now();
        let head_end = loop {
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
            if self.buffer.len() > MAX_HEAD || self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let end = head_end + length.unwrap_or(0);
        while self.buffer.len() < end {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let body = String::from_utf8_lossy(&self.buffer[head_end..end]).into_owned();
        self.buffer.drain(..end);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        Ok(Some(Request { path, body, first_byte }))
    }
}
