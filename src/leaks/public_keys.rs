//! [`PublicKeys`]: the keys of the sender, kept in memory. If they cannot be fetched, the last ones stay.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::model::KeySource;
use super::signature::{PublicKey, parse_keys};
use crate::config::Config;
use crate::core::Core;
use kit::http::outbound::{DNS_TIMEOUT, Outbound, OutboundSettings, RefusedUrl};
use kit::lock::lock;

/// The age from which keys are fetched again.
const FRESH: Duration = Duration::from_hours(1);

/// The pause after an attempt that failed, whatever unknown keys requests name.
const PAUSE: Duration = Duration::from_mins(1);

/// The pause after keys were fetched, before a request that names an unknown one fetches them again.
const PAUSE_OF_UNKNOWN: Duration = Duration::from_mins(15);

/// The largest document of keys.
const LARGEST: usize = 256 << 10;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The connections of other clients are apart.
const CLIENT: u128 = 0;

/// The reason why keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("cannot read {0}: {1}")]
    File(String, std::io::Error),
    #[error("{0} cannot be asked: {1}")]
    Url(String, RefusedUrl),
    #[error("{0} did not answer with keys: {1}")]
    Answer(String, String),
}

/// The reason why there is no key for a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoKey {
    /// The keys are known, and this one is not among them.
    Unknown,
    /// No keys could be had so far.
    Unavailable,
}

/// The keys of one node.
#[derive(Debug)]
pub struct PublicKeys {
    source: KeySource,
    client: OnceLock<Outbound>,
    known: Mutex<Arc<Known>>,
    /// Held while keys are fetched, so that one request fetches them for all.
    fetching: tokio::sync::Mutex<()>,
}

/// Keys, and when they were asked for.
#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    fetched_at: Option<Duration>,
    tried_at: Option<Duration>,
}

impl Known {
    fn is_within(since: Option<Duration>, span: Duration, now: Duration) -> bool {
        since.is_some_and(|since| now.saturating_sub(since) < span)
    }

    /// Returns whether the source is not asked yet for the key with this identifier.
    fn is_paused(&self, id: &str, now: Duration) -> bool {
        let has_succeeded = !self.keys.is_empty() && self.tried_at == self.fetched_at;
        let pause = if has_succeeded && !self.keys.contains_key(id) { PAUSE_OF_UNKNOWN } else { PAUSE };
        Self::is_within(self.tried_at, pause, now)
    }

    fn answer(&self, id: &str) -> Result<PublicKey, NoKey> {
        let missing = if self.fetched_at.is_some() { NoKey::Unknown } else { NoKey::Unavailable };
        self.keys.get(id).copied().ok_or(missing)
    }
}

impl PublicKeys {
    pub fn new(source: KeySource) -> Self {
        Self { source, client: OnceLock::new(), known: Mutex::default(), fetching: tokio::sync::Mutex::new(()) }
    }

    /// Checks the source when a node starts: that the file has keys, or that the URL may be asked.
    pub fn check(source: &KeySource, config: &Config) -> Result<(), FetchError> {
        match source {
            KeySource::File(path) => read(path).map(drop),
            KeySource::Url(url) => client(config).check_url(url).map_err(|refused| FetchError::Url(url.clone(), refused)),
        }
    }

    /// Returns the key with this identifier. Fetches the keys if it is unknown, or if they are old.
    pub(super) async fn find(&self, core: &Core, id: &str) -> Result<PublicKey, NoKey> {
        let (known, now) = (self.known(), core.clock.ticks());
        let is_known = known.keys.contains_key(id);
        if is_known && Known::is_within(known.fetched_at, FRESH, now) || known.is_paused(id, now) {
            return known.answer(id);
        }
        let _fetching = if is_known {
            // Somebody else fetches: the present keys will do.
            let Ok(fetching) = self.fetching.try_lock() else { return known.answer(id) };
            fetching
        } else {
            self.fetching.lock().await
        };
        let known = self.known();
        if known.is_paused(id, core.clock.ticks()) {
            return known.answer(id);
        }
        let fetched = self.fetch(core).await;
        let now = core.clock.ticks();
        let next = match fetched {
            Ok(keys) => Known { keys, fetched_at: Some(now), tried_at: Some(now) },
            Err(error) => {
                tracing::warn!(%error, known = known.keys.len(), "public keys of secret scanning cannot be had; the last known stay");
                Known { keys: known.keys.clone(), fetched_at: known.fetched_at, tried_at: Some(now) }
            }
        };
        let answer = next.answer(id);
        *lock(&self.known) = Arc::new(next);
        answer
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&lock(&self.known))
    }

    async fn fetch(&self, core: &Core) -> Result<HashMap<String, PublicKey>, FetchError> {
        let url = match &self.source {
            KeySource::File(path) => return read(path),
            KeySource::Url(url) => url,
        };
        let failed = |why: String| FetchError::Answer(url.clone(), why);
        let client = self.client.get_or_init(|| client(&core.config));
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let response = client.get(CLIENT, url, headers).await.map_err(|error| failed(error.to_string()))?;
        if response.status != StatusCode::OK {
            return Err(failed(format!("status {}", response.status)));
        }
        parse_keys(&response.body).map_err(failed)
    }
}

fn read(path: &Path) -> Result<HashMap<String, PublicKey>, FetchError> {
    let failed = |error| FetchError::File(path.display().to_string(), error);
    let mut document = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST as u64).read_to_end(&mut document)).map_err(failed)?;
    parse_keys(&document).map_err(|why| FetchError::Answer(path.display().to_string(), why))
}

/// Returns a client that may go where webhooks may.
fn client(config: &Config) -> Outbound {
    let webhooks = &config.webhooks;
    Outbound::new(OutboundSettings {
        user_agent: HeaderValue::from_static(concat!("PlaneConnection/", env!("CARGO_PKG_VERSION"))),
        allowed: webhooks.allowed.clone(),
        roots: webhooks.roots.clone(),
        dns_server: webhooks.dns_server,
        dns_timeout: DNS_TIMEOUT,
        connect_timeout: CONNECT_TIMEOUT,
        timeout: TIMEOUT,
        max_body: LARGEST,
    })
}
