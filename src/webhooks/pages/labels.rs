//! Status and health of an endpoint as text for people.

use crate::webhooks::model::{DeliveryStatus, Endpoint, EndpointStatus};
use crate::webhooks::store::{Figures, MAX_PENDING};
use kit::clock::Time;
use kit::page::Moments;
use kit::page::number::grouped;

/// A status as a badge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Badge {
    pub(super) class: &'static str,
    pub(super) text: &'static str,
}

pub(super) const fn badge(status: EndpointStatus) -> Badge {
    match status {
        EndpointStatus::Active => Badge { class: "active", text: "Active" },
        EndpointStatus::Inactive => Badge { class: "", text: "Inactive" },
        EndpointStatus::Failing => Badge { class: "warn", text: "Failing" },
        EndpointStatus::Disabled => Badge { class: "bad", text: "Disabled" },
    }
}

/// Returns the status of a delivery as a badge.
pub(super) const fn delivery(status: DeliveryStatus) -> Badge {
    match status {
        DeliveryStatus::Pending => Badge { class: "", text: "Pending" },
        DeliveryStatus::Delivered => Badge { class: "active", text: "Delivered" },
        DeliveryStatus::Failed => Badge { class: "bad", text: "Failed" },
        DeliveryStatus::Canceled => Badge { class: "", text: "Canceled" },
    }
}

/// The characters of a description that a title shows.
const TITLE: usize = 60;

/// Returns the first line of the description, or the host of the URL.
pub(super) fn title(endpoint: &Endpoint) -> String {
    let Some(line) = endpoint.description.as_deref().and_then(|text| text.lines().next()) else { return endpoint.name() };
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Describes the health of an endpoint in one sentence.
pub(super) fn health(endpoint: &Endpoint, figures: Figures, at: &Moments) -> String {
    let health = &endpoint.health;
    let waiting = match figures.pending {
        0 => String::new(),
        1 => "; 1 delivery waits".to_owned(),
        MAX_PENDING.. => format!("; {} deliveries wait, or more", grouped(MAX_PENDING)),
        count => format!("; {} deliveries wait", grouped(count)),
    };
    match endpoint.status() {
        EndpointStatus::Disabled => {
            let since = health.disabled_at.map(|since| format!(" {}", at.ago_text(since))).unwrap_or_default();
            let reason = health.disabled_reason.as_deref().unwrap_or("it did not accept any event for a long time");
            format!("The server switched this webhook off{since}: {reason}")
        }
        EndpointStatus::Inactive => "Switched off: nothing is delivered, and events are kept for 30 days.".to_owned(),
        EndpointStatus::Failing => {
            let since = health.failing_since.map(|since| format!(" for {}", since_text(since, at))).unwrap_or_default();
            format!("No request has succeeded{since}: one request at a time is sent until one does{waiting}.")
        }
        EndpointStatus::Active => match (health.last_success_at, health.last_failure_at) {
            (None, None) => format!("Nothing has been delivered yet{waiting}."),
            (success, Some(failure)) if success.is_none_or(|success| success < failure) => {
                format!("The last request failed {}{waiting}.", at.ago_text(failure))
            }
            (Some(success), _) => format!("The last request succeeded {}{waiting}.", at.ago_text(success)),
            (None, Some(_)) => format!("No request has succeeded yet{waiting}."),
        },
    }
}

/// Returns the time since a moment, such as “3 hours”.
fn since_text(since: Time, at: &Moments) -> String {
    at.ago_text(since).trim_end_matches(" ago").to_owned()
}

/// The outcome and the time of the last request; `None` if there was none.
pub(super) fn last_request(endpoint: &Endpoint) -> Option<(Time, bool)> {
    let success = endpoint.health.last_success_at.map(|at| (at, true));
    let failure = endpoint.health.last_failure_at.map(|at| (at, false));
    success.max(failure)
}

/// Returns the part of the deliveries of the last 24 hours that arrived, in whole percent rounded down; `None` if none ended.
pub(super) fn success_rate(figures: Figures) -> Option<String> {
    let ended = figures.delivered + figures.failed;
    (ended > 0).then(|| format!("{} %", figures.delivered * 100 / ended))
}
