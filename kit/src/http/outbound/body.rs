//! The body of a request, which says when it was handed to a connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// Called when a request was handed to its connection.
pub type OnSent = Box<dyn FnOnce() + Send + Sync>;

/// A body of known length in one piece.
pub(super) struct SentBody {
    data: Option<Bytes>,
    on_sent: Option<OnSent>,
}

impl SentBody {
    pub(super) fn new(data: Bytes, on_sent: OnSent) -> Self {
        Self { data: Some(data), on_sent: Some(on_sent) }
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.data.take();
        if let Some(on_sent) = self.on_sent.take() {
            on_sent();
        }
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
