//! Serving connections: a header must arrive in time, and a stop lets requests in flight finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::patience::Patience;

/// The largest header: request line and fields together. Of fields hyper takes a hundred; to say so would cost an array of
/// them on the heap for each request.
const LARGEST_HEADER: usize = 32 * 1024;

/// How long requests in flight may take once a stop was asked for.
const DRAIN: Duration = Duration::from_secs(8);

/// Serves what `answer` makes of a request and its peer until `stop` resolves, then finishes what is in flight. When this returns, nothing is served any more.
///
/// `header_timeout` is how long a request's header may take, and an idle connection may stay open.
pub async fn serve<A, F>(listener: TcpListener, answer: A, header_timeout: Duration, stop: impl Future<Output = ()>)
where
    A: Fn(SocketAddr, Request) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send,
{
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.header_read_timeout(header_timeout).max_header_size(LARGEST_HEADER);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Small answers should not wait for an acknowledgement; a failure here costs milliseconds only.
                    let _slower = stream.set_nodelay(true);
                    let answer = answer.clone();
                    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                        let answered = answer(peer, request.map(body));
                        async move { Ok::<_, Infallible>(answered.await) }
                    });
                    let patience = Patience::default();
                    let connection = http.clone().timer(patience.clone()).serve_connection(TokioIo::new(stream), service);
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        tokio::select! {
                            biased;
                            ended = connection => if let Err(error) = ended {
                                tracing::debug!(%error, %peer, "a connection ended early");
                            },
                            () = patience.ends(header_timeout) => tracing::debug!(%peer, "no header came in time"),
                        }
                    });
                }
                // Out of file descriptors, most likely: wait for some to be closed rather than spin.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not finish in time and are cut off");
    }
    connections.shutdown().await;
}

/// The body of a request. Most have none, and for that no room is taken.
fn body(incoming: Incoming) -> Body {
    if incoming.is_end_stream() { Body::empty() } else { Body::new(incoming) }
}

/// The peer of the connection a request came on.
pub type Peer = ConnectInfo<SocketAddr>;
