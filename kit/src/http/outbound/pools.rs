//! Connections, kept apart by the caller's key: a receiver that hangs holds up no request with another key, also if both have the
//! same host. Of HTTP/2 there is one connection to a host with a bounded number of requests at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use super::body::SentBody;
use super::guard::{Guard, Scheme};
use crate::lock::lock;

/// Idle connections of HTTP/1.1 that are kept for one key, and for how long.
const MAX_IDLE: usize = 8;
const IDLE: Duration = Duration::from_secs(10);

/// The bytes of a response's head.
pub(super) const MAX_HEAD: u32 = 64 * 1024;

/// The bytes of a body that HTTP/2 may receive before they are read: of one response, and of one connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// The silence on a connection of HTTP/2 after which it is tested, and the time for the answer. Otherwise one that is dead would
/// be used until TCP gives it up.
const PING_AFTER: Duration = Duration::from_secs(3);
const PING_LIMIT: Duration = Duration::from_secs(4);

/// Keys that are remembered while they are idle.
const MANY: usize = 1_000;

type Connector = HttpsConnector<HttpConnector<Guard>>;
pub(super) type Connected = Client<Connector, SentBody>;

/// Clients by key, for one scheme.
#[derive(Debug)]
pub(super) struct Pools {
    connector: Connector,
    by_key: Mutex<HashMap<u128, (Connected, Instant)>>,
}

impl Pools {
    pub(super) fn new(roots: &RootCertStore, guard: Guard, scheme: Scheme, connect_timeout: Duration) -> Self {
        Self { connector: connector(roots, guard, scheme, connect_timeout), by_key: Mutex::default() }
    }

    /// Returns the client of a key.
    pub(super) fn client(&self, key: u128) -> Connected {
        self.client_at(key, Instant::now())
    }

    fn client_at(&self, key: u128, now: Instant) -> Connected {
        let mut by_key = lock(&self.by_key);
        if by_key.len() >= MANY && !by_key.contains_key(&key) {
            // Their connections have ended.
            by_key.retain(|_, (_, used_at)| now.duration_since(*used_at) < IDLE);
        }
        let (client, used_at) = by_key.entry(key).or_insert_with(|| (client(self.connector.clone()), now));
        *used_at = now;
        client.clone()
    }
}

/// Returns the TLS settings of a client that trusts these certificate authorities.
pub(super) fn tls(roots: &RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots.clone())
        .with_no_client_auth()
}

fn connector(roots: &RootCertStore, guard: Guard, scheme: Scheme, connect_timeout: Duration) -> Connector {
    let mut connector = HttpConnector::new_with_resolver(guard);
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(connect_timeout));
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls(roots));
    let builder = match scheme {
        Scheme::Https => builder.https_only(),
        Scheme::Http => builder.https_or_http(),
    };
    // HTTP/2 is offered in the TLS handshake.
    builder.enable_all_versions().wrap_connector(connector)
}

/// A kept connection leads to an address that was checked when it was dialled.
fn client(connector: Connector) -> Connected {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(MAX_IDLE)
        .pool_idle_timeout(IDLE)
        .http1_max_buf_size(MAX_HEAD as usize)
        .http2_max_header_list_size(MAX_HEAD)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_LIMIT)
        .build(connector)
}

#[cfg(test)]
mod tests {
    use super::super::resolver::Resolver;
    use super::*;

    #[tokio::test]
    async fn idle_keys_are_forgotten() {
        let now = Instant::now();
        let guard = Guard::new(Arc::default(), Scheme::Https, Resolver::new(None, IDLE));
        let pools = Pools::new(&RootCertStore::empty(), guard, Scheme::Https, IDLE);
        for key in 0..MANY as u128 {
            pools.client_at(key, now);
        }
        pools.client_at(0, now + IDLE);
        pools.client_at(MANY as u128, now + IDLE);
        assert_eq!(lock(&pools.by_key).len(), 2);
    }
}
