//! A call with its repetitions.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Method};
use kit::http::outbound::{CertificateDer, DirectClient, DirectError, DirectResponse, DirectSettings, OutboundError};
use url::Url;

use super::{credential, print};
use crate::cli::output::Failure;

/// The time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest response that is taken: it is held in memory.
const MIB: usize = 1024 * 1024;
const MAX_BODY: usize = 64 * MIB;

/// Answers after which the same request may succeed later.
const TEMPORARY: [u16; 7] = [408, 429, 500, 502, 503, 504, 507];

/// The pause before the first repetition, which doubles from then on, and the longest pause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// A request but for its URL, and the client that sends it.
pub(super) struct Exchange {
    pub client: DirectClient,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    /// The largest number of repetitions.
    pub retries: u32,
    pub idempotency_key: Option<String>,
}

pub(super) fn client(roots: Vec<CertificateDer<'static>>, timeout: Duration) -> DirectClient {
    DirectClient::new(DirectSettings {
        user_agent: HeaderValue::from_static(concat!("planeconnection/", env!("CARGO_PKG_VERSION"))),
        roots,
        connect_timeout: CONNECT_TIMEOUT,
        timeout,
        max_body: MAX_BODY,
    })
}

impl Exchange {
    /// Fails with one line, unless the answer is a success. The line says how to repeat a request that may succeed later.
    pub(super) fn outcome(&self, response: &DirectResponse) -> Result<(), Failure> {
        print::outcome(response, self.headers.contains_key(credential::HEADER)).map_err(|failure| {
            let is_temporary = TEMPORARY.contains(&response.status.as_u16());
            let again = if is_temporary { self.again() } else { String::new() };
            Failure::refused(format!("{failure}{again}"))
        })
    }

    /// Returns the advice to repeat the request with its idempotency key; empty without one.
    fn again(&self) -> String {
        let key = self.idempotency_key.as_ref();
        key.map(|key| format!("; to repeat it, use --idempotency-key {key}")).unwrap_or_default()
    }

    /// Sends the request until there is an answer that a repetition would not change. Fails if there is none.
    pub(super) async fn call(&self, url: &Url) -> Result<DirectResponse, Failure> {
        for repetition in 0..self.retries {
            let outcome = self.send(url).await;
            let Some(pause) = pause(&outcome, repetition) else { return self.answer(url, outcome) };
            tokio::time::sleep(pause).await;
        }
        self.answer(url, self.send(url).await)
    }

    async fn send(&self, url: &Url) -> Result<DirectResponse, DirectError> {
        self.client.send(self.method.clone(), url, self.headers.clone(), self.body.clone()).await
    }

    fn answer(&self, url: &Url, outcome: Result<DirectResponse, DirectError>) -> Result<DirectResponse, Failure> {
        let error = match outcome {
            Ok(response) => return Ok(response),
            Err(DirectError::TooLong(bytes)) => format!("the answer is longer than {} MiB", bytes / MIB),
            Err(DirectError::NoResponse(error)) => error.to_string(),
        };
        // It may have been done all the same.
        Err(Failure::refused(format!("{}: {error}{}", url.origin().ascii_serialization(), self.again())))
    }
}

/// Returns the pause before a repetition; `None` if it would not help, or not within [`MAX_PAUSE`].
fn pause(outcome: &Result<DirectResponse, DirectError>, repetition: u32) -> Option<Duration> {
    let growing = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(repetition)).min(MAX_PAUSE);
    match outcome {
        Ok(response) if TEMPORARY.contains(&response.status.as_u16()) => {
            Some(retry_after(&response.headers).unwrap_or(growing)).filter(|pause| *pause <= MAX_PAUSE)
        }
        Ok(_) | Err(DirectError::TooLong(_)) => None,
        Err(DirectError::NoResponse(error)) => is_temporary(error).then_some(growing),
    }
}

/// Returns the seconds of `Retry-After`. Its other form, a date, is not one of the API.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn is_temporary(error: &OutboundError) -> bool {
    match error {
        OutboundError::Url(_) | OutboundError::Address(_) | OutboundError::Tls(_) => false,
        OutboundError::Dns(_)
        | OutboundError::Connect(_)
        | OutboundError::NoConnection(_)
        | OutboundError::NoAnswer(_)
        | OutboundError::Incomplete(_)
        | OutboundError::Protocol(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, Version};

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "the outcome of an exchange")]
    fn answered(status: u16, retry_after: Option<&'static str>) -> Result<DirectResponse, DirectError> {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|text| (RETRY_AFTER, HeaderValue::from_static(text))));
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(DirectResponse { version: Version::HTTP_11, status, headers, body: Vec::new() })
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        Duration::from_secs(seconds).into()
    }

    #[test]
    fn pause_is_that_of_the_server_or_grows_up_to_a_minute() {
        assert_eq!(pause(&answered(429, Some("7")), 0), seconds(7));
        assert_eq!(pause(&answered(503, Some("0")), 3), seconds(0));
        assert_eq!(pause(&answered(429, Some("61")), 0), None, "too long to wait for");
        assert_eq!([0, 1, 2, 9].map(|repetition| pause(&answered(500, None), repetition)), [1, 2, 4, 60].map(seconds));
        assert_eq!(pause(&answered(503, Some("Wed, 21 Oct 2026 07:28:00 GMT")), 0), seconds(1));
    }

    #[test]
    fn only_what_can_change_by_itself_is_repeated() {
        for status in [200, 201, 302, 400, 401, 403, 404, 409, 412, 422] {
            assert_eq!(pause(&answered(status, Some("1")), 0), None, "{status}");
        }
        let failed = |error: OutboundError| pause(&Err(error.into()), 0);
        assert_eq!(failed(OutboundError::Connect("Connection refused".to_owned())), seconds(1));
        assert_eq!(failed(OutboundError::NoAnswer(MAX_PAUSE)), seconds(1));
        assert_eq!(failed(OutboundError::Tls("the certificate has expired".to_owned())), None);
        assert_eq!(pause(&Err(DirectError::TooLong(MAX_BODY)), 0), None);
    }
}
