//! A connection's stream, which notes when the peer takes no bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::deadlines::Deadlines;

/// A connection's stream. Bytes that were taken cost one relaxed load to note.
pub(super) struct Stream {
    inner: TokioIo<TcpStream>,
    deadlines: Deadlines,
}

impl Stream {
    pub(super) fn new(stream: TcpStream, deadlines: Deadlines) -> Self {
        Self { inner: TokioIo::new(stream), deadlines }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.deadlines.stall(),
            Poll::Ready(_) => self.deadlines.proceed(),
        }
        written
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.note(written)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.note(written)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.deadlines.is_stalled() {
            // Else the kernel would keep what the peer does not take, for minutes. Nothing depends on it.
            let _unchanged = self.inner.inner().set_zero_linger();
        }
    }
}
