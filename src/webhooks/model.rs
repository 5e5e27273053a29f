//! Endpoints, deliveries and attempts, and their rules that need no database.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::audit::{EventId, EventType, TypePattern};
use crate::cluster::NodeId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

kit::ids! {
    /// The id of an endpoint.
    EndpointId = "wh";
    /// The id of a delivery.
    DeliveryId = "dlv";
    /// The id of a secret from before a rotation.
    SecretId = "whs";
}

kit::string_enum! {
    /// The times of the attempts of a delivery.
    Schedule as WebhookSchedule {
        /// Five attempts within about two and a half hours, unless the operator has set other times.
        Standard = "standard",
        /// Eight attempts over three days.
        Extended = "extended",
    }
}

kit::string_enum! {
    /// The status of a delivery.
    DeliveryStatus as WebhookDeliveryStatus {
        /// An attempt is due or will be.
        Pending = "pending",
        /// The receiver answered an attempt with a 2xx status.
        Delivered = "delivered",
        /// The last attempt failed.
        Failed = "failed",
        /// The delivery was given up before its last attempt: the backlog of its endpoint was skipped.
        Canceled = "canceled",
    }
}

kit::string_enum! {
    /// The status of an endpoint.
    EndpointStatus as WebhookStatus {
        /// Events are delivered.
        Active = "active",
        /// The endpoint is switched off by hand.
        Inactive = "inactive",
        /// The last five attempts failed: one request at a time is sent until one succeeds.
        Failing = "failing",
        /// The server switched the endpoint off.
        Disabled = "disabled",
    }
}

/// Failed attempts in a row after which an endpoint is failing.
pub const FAILING_AFTER: i32 = 5;

/// Failed deliveries before which an endpoint is not disabled, however long it fails.
pub const DISABLED_AFTER: i32 = 20;

/// The patterns of event types that an endpoint receives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription(pub Vec<TypePattern>);

impl Subscription {
    /// Parses the text of a column. Patterns of a later version are kept, so that a change by this version loses none.
    pub(super) fn from_column(text: &str) -> Self {
        Self(text.split(',').map(TypePattern::stored).collect())
    }

    pub(super) fn to_column(&self) -> String {
        self.0.iter().map(TypePattern::as_str).collect::<Vec<_>>().join(",")
    }

    pub fn includes(&self, event_type: EventType) -> bool {
        self.0.iter().any(|pattern| pattern.matches(event_type))
    }

    /// Returns whether it includes the type of this name, which may be one of a later version.
    pub(super) fn includes_name(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches_name(name))
    }

    /// Lists the types of this version that it includes.
    pub fn types(&self) -> impl Iterator<Item = EventType> {
        EventType::ALL.iter().copied().filter(|event_type| self.includes(*event_type))
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(TypePattern::as_str).collect::<Vec<_>>().join(", "))
    }
}

impl Serialize for Subscription {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(TypePattern::as_str))
    }
}

/// An endpoint, without its secrets.
#[derive(Clone, PartialEq, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    pub url: String,
    pub description: Option<String>,
    pub events: Subscription,
    /// False once it is switched off by hand.
    pub is_active: bool,
    pub schedule: Schedule,
    /// The beginning and the end of the signing secret.
    pub secret_hint: String,
    pub secret_rotated_at: Option<Time>,
    pub created_at: Time,
    pub created_by: Creator,
    pub updated_at: Time,
    pub progress: Progress,
    pub health: Health,
}

/// The person or the key that created an endpoint, by its name at the time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookCreator)]
pub struct Creator {
    /// The id of the member or the key, or `operator` for the command line.
    pub id: String,
    pub name: String,
}

/// The position of an endpoint in the log of its workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The sequence of the last event before the endpoint was created.
    pub created: i64,
    /// The sequence up to which events were turned into deliveries.
    pub planned: i64,
    /// The sequence of the last event of which it has a delivery.
    pub last: Option<i64>,
    /// The node that delivers.
    pub owner: Option<NodeId>,
}

/// The outcome of an endpoint's attempts so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Health {
    pub last_success_at: Option<Time>,
    pub last_failure_at: Option<Time>,
    /// The first failed attempt since the last success.
    pub failing_since: Option<Time>,
    /// Failed attempts since the last success.
    pub failed_attempts: i32,
    /// Failed deliveries since the last success.
    pub failed_deliveries: i32,
    /// The time at which administrators were warned that the server will disable it.
    pub warned_at: Option<Time>,
    pub disabled_at: Option<Time>,
    pub disabled_reason: Option<String>,
}

impl Health {
    /// Returns the earliest time at which the endpoint is disabled: `limit` after it began to fail.
    pub fn disabled_from(&self, limit: Duration) -> Option<Time> {
        self.failing_since.map(|since| since.after(limit))
    }

    /// Returns how many deliveries have to fail before the endpoint is disabled, however long it fails.
    pub fn still_to_fail(&self) -> u64 {
        u64::try_from(DISABLED_AFTER - self.failed_deliveries).unwrap_or(0)
    }
}

impl Endpoint {
    /// Returns the first line of the description, or the host in the URL: by it the log names the endpoint.
    pub fn name(&self) -> String {
        if let Some(line) = self.description.as_deref().and_then(|text| text.lines().next()) {
            return line.to_owned();
        }
        let url = url::Url::parse(&self.url).ok();
        url.as_ref().and_then(url::Url::host_str).unwrap_or(&self.url).to_owned()
    }

    pub fn status(&self) -> EndpointStatus {
        if self.health.disabled_at.is_some() {
            EndpointStatus::Disabled
        } else if !self.is_active {
            EndpointStatus::Inactive
        } else if self.health.failed_attempts >= FAILING_AFTER {
            EndpointStatus::Failing
        } else {
            EndpointStatus::Active
        }
    }

    /// Returns whether events are delivered now.
    pub fn delivers(&self) -> bool {
        self.is_active && self.health.disabled_at.is_none()
    }
}

/// An event for an endpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub workspace: WorkspaceId,
    pub endpoint: EndpointId,
    pub event: EventId,
    /// As stored: a later version may have types that this one does not know.
    pub event_type: String,
    /// `None` for a test, as is the next.
    pub sequence: Option<i64>,
    /// The sequence of the event before it for this endpoint.
    pub previous_sequence: Option<i64>,
    pub status: DeliveryStatus,
    /// The attempts that were made.
    pub attempts: i32,
    /// The time of the next attempt, as long as it is pending.
    pub due_at: Option<Time>,
    pub resend_of: Option<DeliveryId>,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

/// One request of a delivery.
#[derive(Clone, PartialEq, Debug)]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    pub started_at: Time,
    pub duration_ms: i64,
    /// `None` without a response.
    pub status_code: Option<u16>,
    /// One sentence that names the cause of a failure.
    pub error: Option<String>,
    pub request_headers: Vec<(String, String)>,
    pub response: Option<AttemptResponse>,
}

/// The response to an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptResponse {
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, as text.
    pub body: String,
}

impl Attempt {
    /// The end of a delivery whose payload was deleted before it could be sent.
    pub(super) fn without_payload(number: i32, at: Time) -> Self {
        Self {
            number,
            started_at: at,
            duration_ms: 0,
            status_code: None,
            error: Some("the payload was deleted when its time of retention was over".to_owned()),
            request_headers: Vec::new(),
            response: None,
        }
    }

    /// Returns the bytes that it takes in the database, roughly.
    pub(super) fn stored_bytes(&self) -> u64 {
        let headers =
            |headers: &[(String, String)]| headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
        let response = self.response.as_ref().map_or(0, |response| headers(&response.headers) + response.body.len());
        (300 + headers(&self.request_headers) + response) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_of_a_later_version_is_kept() {
        assert_eq!(Subscription::from_column("trip.created,crew.*").to_column(), "trip.created,crew.*");
    }
}
