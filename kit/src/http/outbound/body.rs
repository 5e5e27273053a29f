//! The body of a request, which says when it was handed to a connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::lock::lock;

/// Called when a request was handed to its connection.
pub type OnSent = Box<dyn FnOnce() + Send + Sync>;

/// A body of known length in one piece. Clones share the callback, which is called once.
#[derive(Clone)]
pub(super) struct SentBody {
    data: Option<Bytes>,
    on_sent: Arc<Mutex<Option<OnSent>>>,
}

impl SentBody {
    pub(super) fn new(data: Bytes, on_sent: OnSent) -> Self {
        Self { data: Some(data), on_sent: Arc::new(Mutex::new(Some(on_sent))) }
    }

    /// The body of a request that has none.
    pub(super) fn none() -> Self {
        Self { data: None, on_sent: Arc::default() }
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.data.take();
        let on_sent = lock(&self.on_sent).take();
        if let Some(on_sent) = on_sent {
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
