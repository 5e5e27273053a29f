//! One request to a receiver, and its outcome.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::webhooks::model::{Attempt, AttemptResponse, Delivery};
use crate::webhooks::secret::SigningSecret;
use kit::clock::{Clock, Time};
use kit::http::outbound::{OnSent, Outbound, OutboundError, OutboundResponse};

/// Bounds of what is kept of a response.
const MAX_HEADERS: usize = 50;
const MAX_HEADER_CHARS: usize = 200;

/// The characters of a signature that a kept request shows.
const SHOWN: usize = 6;

/// A request that is to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) url: &'a str,
    pub(super) delivery: &'a Delivery,
    /// From 1.
    pub(super) number: i32,
    pub(super) body: String,
    /// The valid secrets, the present one first.
    pub(super) secrets: &'a [SigningSecret],
}

/// The verdict on an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Delivered,
    /// A failure, with the wait that the receiver asked for.
    Failed {
        retry_after: Option<Duration>,
    },
    /// The receiver wants no more events.
    Gone,
}

/// Sends a request and waits for the response, for ten seconds at most. `on_sent` is called when it was handed to a connection.
pub(super) async fn perform(client: &Outbound, clock: &Clock, request: Outgoing<'_>, on_sent: OnSent) -> (Attempt, Verdict) {
    let (started_at, begun) = (clock.now(), clock.ticks());
    let headers = headers(clock, &request);
    let request_headers = masked(&headers);
    let answered = client.post(request.delivery.endpoint.0.as_u128(), request.url, headers, request.body.into(), on_sent).await;
    let duration_ms = i64::try_from(clock.ticks().saturating_sub(begun).as_millis()).unwrap_or(i64::MAX);
    let sent = Sent { number: request.number, started_at, duration_ms, request_headers, secrets: request.secrets };
    outcome(sent, answered)
}

/// A request that has ended.
pub(super) struct Sent<'a> {
    pub(super) number: i32,
    pub(super) started_at: Time,
    pub(super) duration_ms: i64,
    pub(super) request_headers: Vec<(String, String)>,
    pub(super) secrets: &'a [SigningSecret],
}

/// Returns the record of an attempt, and the verdict on it.
pub(super) fn outcome(sent: Sent<'_>, answered: Result<OutboundResponse, OutboundError>) -> (Attempt, Verdict) {
    let Sent { number, started_at, duration_ms, request_headers, secrets } = sent;
    let mut attempt =
        Attempt { number, started_at, duration_ms, status_code: None, error: None, request_headers, response: None };
    let verdict = match answered {
        Ok(response) => {
            let verdict = verdict(&response);
            attempt.status_code = Some(response.status.as_u16());
            attempt.error = error_of(response.status);
            attempt.response = Some(kept(response, secrets));
            verdict
        }
        Err(error) => {
            attempt.error = Some(clean(error.to_string().as_bytes()));
            Verdict::Failed { retry_after: None }
        }
    };
    (attempt, verdict)
}

fn verdict(response: &OutboundResponse) -> Verdict {
    match response.status {
        status if status.is_success() => Verdict::Delivered,
        StatusCode::GONE => Verdict::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Verdict::Failed { retry_after: response.headers.get(RETRY_AFTER).and_then(seconds) }
        }
        _ => Verdict::Failed { retry_after: None },
    }
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn error_of(status: StatusCode) -> Option<String> {
    let code = status.as_u16();
    match status {
        _ if status.is_success() => None,
        StatusCode::GONE => Some("the server answered 410: the endpoint is gone".to_owned()),
        _ if status.is_redirection() => {
            Some(format!("the server answered {code} to another address; redirects are not followed"))
        }
        _ => Some(match status.canonical_reason() {
            Some(reason) => format!("the server answered {code} {reason}"),
            None => format!("the server answered {code}"),
        }),
    }
}

/// Returns the headers of a request that is sent now.
pub(super) fn headers(clock: &Clock, request: &Outgoing<'_>) -> HeaderMap {
    let Outgoing { delivery, number, body, secrets, .. } = request;
    let (id, now, body) = (delivery.event.to_string(), clock.now(), body.as_bytes());
    let standard: Vec<String> = secrets.iter().map(|secret| secret.sign_standard(&id, now, body)).collect();
    let previous = delivery.previous_sequence.map_or_else(String::new, |sequence| sequence.to_string());
    let fields = [
        ("x-planeconnection-signature", secrets.first().map_or_else(String::new, |secret| secret.sign_body(body))),
        ("webhook-id", id),
        ("webhook-timestamp", (now.micros() / 1_000_000).to_string()),
        ("webhook-signature", standard.join(" ")),
        ("x-planeconnection-delivery", delivery.id.to_string()),
        ("x-planeconnection-attempt", number.to_string()),
        ("x-planeconnection-event", delivery.event_type.clone()),
        ("x-planeconnection-previous-sequence", previous),
    ];
    let mut headers = HeaderMap::with_capacity(fields.len() + 2);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// Lists the headers of a request to keep, without whole signatures.
pub(super) fn masked(headers: &HeaderMap) -> Vec<(String, String)> {
    let mask = |name: &str, value: &str| match name {
        "x-planeconnection-signature" => format!("{}…", cut(value, SHOWN)),
        "webhook-signature" => {
            value.split(' ').map(|signature| format!("{}…", cut(signature, "v1,".len() + SHOWN))).collect::<Vec<_>>().join(" ")
        }
        _ => value.to_owned(),
    };
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str();
        (name.to_owned(), mask(name, value.to_str().unwrap_or_default()))
    };
    headers.iter().map(shown).collect()
}

/// Returns what is kept of a response: without secrets of this product that it may repeat, those of the endpoint among them, and as
/// text that databases take.
fn kept(response: OutboundResponse, secrets: &[SigningSecret]) -> AttemptResponse {
    let clean = |bytes: &[u8]| secrets.iter().fold(clean(bytes), |text, secret| secret.hide_in(text));
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), cut(&clean(value.as_bytes()), MAX_HEADER_CHARS).to_owned())
    };
    AttemptResponse { headers: response.headers.iter().take(MAX_HEADERS).map(shown).collect(), body: clean(&response.body) }
}

fn clean(bytes: &[u8]) -> String {
    key_format::scrub(&String::from_utf8_lossy(bytes)).replace('\0', "\u{fffd}")
}

/// Returns the first `length` characters.
fn cut(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_response_is_explained_in_one_sentence() {
        let sentence = |code: u16| error_of(StatusCode::from_u16(code).expect("a status"));
        assert_eq!(sentence(204), None);
        assert_eq!(sentence(302).as_deref(), Some("the server answered 302 to another address; redirects are not followed"));
        assert_eq!(sentence(503).as_deref(), Some("the server answered 503 Service Unavailable"));
        assert_eq!(sentence(599).as_deref(), Some("the server answered 599"));
    }

    #[test]
    fn kept_response_has_no_secrets_and_no_characters_that_databases_refuse() {
        let text = b"a\0b whsec_x \xff";
        assert_eq!(clean(text), "a\u{fffd}b whsec_x \u{fffd}");
    }
}
