//! Serving connections: so many at once, by deadlines, and a stop lets requests in flight finish.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connections::Open;
pub use super::connections::{Connections, OVERFLOW, Refused, Service};
use super::deadlines::Deadlines;
pub use super::deadlines::Timeouts;
use super::stream::Stream;

/// The largest header: request line and fields together. Of fields hyper takes a hundred; to say so would cost an array of
/// them on the heap for each request.
const LARGEST_HEADER: usize = 32 * 1024;

/// The longest that requests in flight may take once a stop was asked for.
const DRAIN: Duration = Duration::from_secs(8);

/// The deadlines in the overflow lane. A probe of readiness may wait two seconds for the database.
const OVERFLOW_TIMEOUTS: Timeouts =
    Timeouts { header: Duration::from_secs(2), write: Duration::from_secs(2), response: Duration::from_secs(5) };

/// A pause after a failed accept: out of file descriptors, which others have to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connection a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The peer of the connection.
    pub peer: SocketAddr,
    /// The service that the connection gets.
    pub service: Service,
}

/// Serves what `answer` makes of each request until `stop` resolves, then finishes what is in flight. When this returns,
/// nothing is served any more.
pub async fn serve<A, F>(
    listener: TcpListener,
    answer: A,
    connections: Connections,
    timeouts: Timeouts,
    stop: impl Future<Output = ()>,
) where
    A: Fn(Caller, Request) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut failures = AcceptFailures::default();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => if let Some(open) = connections.admit(peer.ip()) {
                    tasks.spawn(exchange(stream, peer, open, answer.clone(), timeouts, graceful.watcher()));
                },
                // The peer has gone before it was its turn.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    failures.log(&error);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_ended) = tasks.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not finish in time and are cut off");
    }
    tasks.shutdown().await;
}

/// Serves one connection to its end, or to the first of its deadlines.
async fn exchange<A, F>(stream: TcpStream, peer: SocketAddr, open: Open, answer: A, timeouts: Timeouts, watcher: Watcher)
where
    A: Fn(Caller, Request) -> F + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    // Small answers should not wait for an acknowledgement; a failure here costs milliseconds only.
    let _slower = stream.set_nodelay(true);
    let is_overflow = open.service == Service::Overflow;
    let timeouts = if is_overflow { OVERFLOW_TIMEOUTS } else { timeouts };
    let caller = Caller { peer, service: open.service };
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let answered = answer(caller, request.map(body));
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let deadlines = Deadlines::default();
    let mut http = Builder::new();
    http.timer(deadlines.clone()).header_read_timeout(timeouts.header).max_header_size(LARGEST_HEADER).keep_alive(!is_overflow);
    let connection = watcher.watch(http.serve_connection(Stream::new(stream, deadlines.clone()), service));
    tokio::select! {
        biased;
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection ended early");
        },
        passed = deadlines.passed(timeouts) => tracing::debug!(%peer, deadline = ?passed, "a connection took too long"),
    }
    drop(open);
}

/// Failures to accept a connection, logged once a second.
#[derive(Default)]
struct AcceptFailures {
    logged: Option<Instant>,
    left_out: u64,
}

impl AcceptFailures {
    fn log(&mut self, error: &io::Error) {
        if self.logged.is_some_and(|logged| logged.elapsed() < Duration::from_secs(1)) {
            self.left_out += 1;
            return;
        }
        tracing::warn!(%error, left_out = self.left_out, "cannot accept a connection");
        (self.logged, self.left_out) = (Some(Instant::now()), 0);
    }
}

/// The body of a request. Most have none, and for that no room is taken.
fn body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::new(incoming) }
}

/// The peer of the connection a request came on, for callers in process.
pub type Peer = ConnectInfo<SocketAddr>;
