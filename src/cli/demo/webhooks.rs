//! The endpoints of the demo: one that is well, one that fails since a few hours, and one that the server disabled days ago. All are at
//! the demo's own receiver.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, SERVER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::calendar::{Chance, HOUR, MINUTE};
use super::integrations::{CLIENT_PORTAL, OPERATIONS_CHAT, WEBHOOKS};
use super::plan::Who;
use super::seed::{Operator, failed, input};
use crate::audit::{Payload, payloads_after};
use crate::cli::Failure;
use crate::webhooks::delivery::{PastAnswer, import_history, tidy};
use crate::webhooks::{self, Endpoint, Manager, Reach, SigningSecret};
use kit::clock::Time;
use kit::http::outbound::{OutboundError, OutboundResponse};

/// Events of the failing endpoint since its last success, at least. Each has five attempts, after which an endpoint is failing.
const MISSED: usize = 3;

/// The time for which it has failed, at least.
const AWAY: Duration = Duration::from_hours(9);

/// An endpoint of the demo and its secret, by which the receiver knows it.
pub(super) struct DemoEndpoint {
    pub(super) endpoint: Endpoint,
    pub(super) secret: SigningSecret,
}

/// The path of an endpoint's URL.
pub(super) fn path_of(place: usize) -> String {
    format!("/{}", WEBHOOKS[place].name.to_lowercase().replace(' ', "-"))
}

impl Operator {
    pub(super) async fn make_webhook(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        let demo = &WEBHOOKS[place];
        let url = format!("http://{}{}", self.receiver, path_of(place));
        let repair = if place == CLIENT_PORTAL { format!(". Repair it at http://{}/", self.receiver) } else { String::new() };
        let description = format!("{}\n{}{repair}", demo.name, demo.about);
        let create = input(json!({ "url": url, "description": description, "events": demo.events }))?;
        let by =
            Manager { workspace: self.workspace, context: self.audit_context(who)?, reach: Reach::everything(), is_recent: true };
        let made = webhooks::create(&self.app, by, create, None).await.map_err(failed)?;
        self.webhooks.push(DemoEndpoint { endpoint: made.endpoint, secret: made.secret });
        Ok(())
    }

    /// Stores the deliveries of the last weeks.
    pub(super) async fn deliver_events(&self) -> Result<(), Failure> {
        let since = self.today.before(self.app.config.webhooks.retention);
        // The events of a disabled endpoint wait.
        let delivering = self.webhooks.iter().enumerate().filter(|(place, _)| *place != OPERATIONS_CHAT);
        for (place, DemoEndpoint { endpoint, .. }) in delivering {
            let broken_since = if place == CLIENT_PORTAL { self.broken_since(endpoint).await? } else { Time::LAST };
            let chance = Chance::new();
            let answer = |_: &str, at: Time| {
                if at < broken_since { usual_answer(&chance, place) } else { broken_answer(&chance, at.since(broken_since)) }
            };
            import_history(&self.app, endpoint.id, since, answer).await?;
        }
        Ok(())
    }

    /// Stores the deliveries to the channel that is gone, and lets the server disable its endpoint.
    pub(super) async fn disable_webhook(&self) -> Result<(), Failure> {
        let DemoEndpoint { endpoint, .. } =
            self.webhooks.get(OPERATIONS_CHAT).ok_or_else(|| failed("a webhook that is not there"))?;
        let (since, gone) = (self.today.before(self.app.config.webhooks.retention), self.plan.channel_gone_at());
        let chance = Chance::new();
        let answer = |_: &str, at: Time| if at < gone { usual_answer(&chance, OPERATIONS_CHAT) } else { gone_answer(&chance) };
        import_history(&self.app, endpoint.id, since, answer).await?;
        Ok(tidy(&self.app).await?)
    }

    /// Returns the time of the first event that the failing endpoint did not accept.
    async fn broken_since(&self, endpoint: &Endpoint) -> Result<Time, Failure> {
        let mut times = Vec::new();
        let mut after = endpoint.progress.created;
        loop {
            let payloads: Vec<Payload> = payloads_after(self.app.db.read(), self.workspace, after, 100).await?;
            let Some(last) = payloads.last() else { break };
            after = last.sequence;
            times.extend(
                payloads.iter().filter(|payload| payload.is_received_by(&endpoint.events.0)).map(|payload| payload.created_at),
            );
        }
        let enough = times.len().checked_sub(MISSED).map(|place| times[place]);
        let long_ago = times.iter().rev().find(|time| **time <= self.today.before(AWAY)).copied();
        Ok(enough.into_iter().chain(long_ago).min().unwrap_or(self.today))
    }
}

fn response(status: StatusCode, server: &'static str, body: &'static str) -> OutboundResponse {
    let mut headers = HeaderMap::new();
    headers.insert(SERVER, HeaderValue::from_static(server));
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    OutboundResponse { status, headers, body: body.into() }
}

/// Returns an answer of a receiver that is well: a few requests in a thousand fail, and their second attempt succeeds.
fn usual_answer(chance: &Chance, place: usize) -> PastAnswer {
    let demo = &WEBHOOKS[place];
    let milliseconds = |low, high| Duration::from_millis(chance.between(low, high).unsigned_abs().into());
    match chance.between(1, 1_000) {
        1..=4 => {
            PastAnswer { duration: Duration::from_secs(10), response: Err(OutboundError::NoAnswer(Duration::from_secs(10))) }
        }
        5..=9 => PastAnswer {
            duration: milliseconds(40, 900),
            response: Ok(response(StatusCode::BAD_GATEWAY, "nginx", "502 Bad Gateway\n")),
        },
        10..=80 => {
            PastAnswer { duration: milliseconds(180, 900), response: Ok(response(StatusCode::NO_CONTENT, demo.server, "")) }
        }
        _ => PastAnswer { duration: milliseconds(18, 95), response: Ok(response(StatusCode::NO_CONTENT, demo.server, "")) },
    }
}

/// Returns an answer of the receiver whose channel was deleted.
fn gone_answer(chance: &Chance) -> PastAnswer {
    let duration = Duration::from_millis(chance.between(18, 95).unsigned_abs().into());
    let server = WEBHOOKS[OPERATIONS_CHAT].server;
    PastAnswer { duration, response: Ok(response(StatusCode::NOT_FOUND, server, "No such channel.\n")) }
}

/// Returns an answer of the receiver that fails, by the time since it began: it is overloaded, then stopped, then in maintenance.
fn broken_answer(chance: &Chance, since: Duration) -> PastAnswer {
    let milliseconds = |low, high| Duration::from_millis(chance.between(low, high).unsigned_abs().into());
    if since < 20 * MINUTE {
        PastAnswer { duration: Duration::from_secs(10), response: Err(OutboundError::NoAnswer(Duration::from_secs(10))) }
    } else if since < HOUR {
        let refused = OutboundError::Connect("Connection refused (os error 111)".to_owned());
        PastAnswer { duration: milliseconds(0, 2), response: Err(refused) }
    } else {
        let server = WEBHOOKS[CLIENT_PORTAL].server;
        PastAnswer {
            duration: milliseconds(4, 30),
            response: Ok(response(StatusCode::SERVICE_UNAVAILABLE, server, super::receiver::MAINTENANCE)),
        }
    }
}
