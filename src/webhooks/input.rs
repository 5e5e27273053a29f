//! Bodies and parameters of requests on webhooks.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::model::{DeliveryStatus, EndpointStatus, Schedule, Subscription};
use super::secret::SigningSecret;
use super::type_names::{DeliveredType, EventPattern};
use crate::audit::TypePattern;
use kit::clock::{Since, Time, Until};
use kit::http::{Check, FieldErrors, present};
use kit::text::{Line, MultilineText, SECRET_IN_TEXT, refuse_secret, sentence};

/// The URL of an endpoint.
pub type EndpointUrl = Line<1, 2000>;
/// The purpose of an endpoint.
pub type Description = MultilineText<0, 500>;

/// The largest number of patterns in a list, repeated ones included.
const MAX_PATTERNS: usize = 100;

/// The longest time for which a former secret signs, in hours.
const MAX_OVERLAP: u16 = 168;

// No Debug: it may carry a secret. Nor have the others that do.
/// Properties of a new endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateWebhook, example = json!({ "url": "https://crew.example/hooks/planeconnection", "events": ["trip.*", "invoice.paid"] }))]
pub struct CreateEndpoint {
    /// `https://`, with port 443 or one from 1024, without user name and fragment, and leading to addresses of the internet only.
    pub url: EndpointUrl,
    #[serde(default)]
    pub description: Option<Description>,
    /// Event types such as `trip.created`, all of a resource such as `trip.*`, or `*` for every type that exists or will exist.
    #[schema(value_type = Vec<EventPattern>, min_items = 1, max_items = 100)]
    pub events: Vec<String>,
    /// False to create it switched off.
    #[serde(default = "switched_on")]
    #[schema(default = true)]
    pub active: bool,
    /// The signing secret: `whsec_` and 24 to 64 bytes in base64, or 24 to 100 visible ASCII characters. Generated if omitted.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>, min_length = 24, max_length = 100)]
    pub secret: Option<SecretString>,
    #[serde(default)]
    pub schedule: Option<Schedule>,
}

const fn switched_on() -> bool {
    true
}

/// Reads a secret without repeating it in an error.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Option::deserialize(deserializer).map_err(|_| serde::de::Error::custom("must be text"))
}

impl Check for CreateEndpoint {
    fn check(&self, faults: &mut FieldErrors) {
        check_url(&self.url, faults);
        check_events(&self.events, faults);
        check_secret(self.secret.as_ref(), faults);
    }
}

/// Refuses secrets that are percent-encoded. An endpoint that leads to this server would report one as leaked at each delivery,
/// which is an event to deliver.
fn check_url(url: &EndpointUrl, faults: &mut FieldErrors) {
    if key_format::is_encoded_too_often(url.as_str()) {
        faults.add("url", "Percent-encode it less often: it has four layers of encoding or more.");
    } else if key_format::may_contain_secret(url.as_str()) {
        faults.add("url", sentence(SECRET_IN_TEXT));
    }
}

fn check_events(patterns: &[String], faults: &mut FieldErrors) {
    faults.require((1..=MAX_PATTERNS).contains(&patterns.len()), "events", "Name 1 to 100 event types, or [\"*\"] for all.");
    for (at, pattern) in patterns.iter().enumerate().take(MAX_PATTERNS) {
        if let Err(error) = pattern.parse::<TypePattern>() {
            faults.add(format!("events[{at}]"), sentence(error));
        }
    }
}

/// Returns the subscription to these patterns, each once; `*` includes all others.
pub(super) fn subscription(patterns: &[String]) -> Subscription {
    let mut kept: Vec<TypePattern> = Vec::new();
    for pattern in patterns.iter().filter_map(|pattern| pattern.parse().ok()) {
        if !kept.contains(&pattern) {
            kept.push(pattern);
        }
    }
    if kept.iter().any(|pattern| pattern.as_str() == "*") {
        kept.retain(|pattern| pattern.as_str() == "*");
    }
    Subscription(kept)
}

fn check_secret(chosen: Option<&SecretString>, faults: &mut FieldErrors) {
    let Some(text) = chosen.map(ExposeSecret::expose_secret) else { return };
    // A signing secret belongs here, and nothing else.
    if let Err(error) = refuse_secret(text.strip_prefix("whsec_").unwrap_or(text)) {
        faults.add("secret", sentence(error));
    } else if let Err(error) = SigningSecret::parse(text) {
        faults.add("secret", sentence(error));
    }
}

kit::string_enum! {
    /// The treatment of events that happened while an endpoint was off.
    Backlog as WebhookBacklog {
        /// They are delivered, in order.
        Deliver = "deliver",
        /// They are not delivered.
        Skip = "skip",
    }
}

/// Changes to an endpoint.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UpdateWebhook)]
pub struct UpdateEndpoint {
    /// New URL. In a session it needs a recent proof of identity.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = EndpointUrl, required = false)]
    pub url: Option<EndpointUrl>,
    /// New description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    /// New event types, in place of all old ones.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<EventPattern>, required = false, min_items = 1, max_items = 100)]
    pub events: Option<Vec<String>>,
    /// False switches it off; true switches it on, also after the server has disabled it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub active: Option<bool>,
    /// With `"active": true`, for an endpoint that was off: what becomes of the events meanwhile. `deliver` if omitted.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Backlog, required = false)]
    pub backlog: Option<Backlog>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Schedule, required = false)]
    pub schedule: Option<Schedule>,
}

impl UpdateEndpoint {
    /// Returns whether it switches the endpoint off, and does nothing else.
    pub(super) fn only_switches_off(&self) -> bool {
        let Self { url, description, events, active, backlog: _, schedule } = self;
        *active == Some(false) && url.is_none() && description.is_none() && events.is_none() && schedule.is_none()
    }
}

impl Check for UpdateEndpoint {
    fn check(&self, faults: &mut FieldErrors) {
        if let Some(url) = &self.url {
            check_url(url, faults);
        }
        if let Some(events) = &self.events {
            check_events(events, faults);
        }
        let is_of_a_switch = self.backlog.is_none() || self.active == Some(true);
        faults.require(is_of_a_switch, "backlog", "Send it with \"active\": true, or leave it out.");
    }
}

/// A new signing secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RotateWebhookSecret)]
pub struct RotateSecret {
    /// The hours for which the old secret signs as well, 24 if omitted; 0 ends every old one at once.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: Option<u16>,
    /// The new secret. Generated if omitted.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>, min_length = 24, max_length = 100)]
    pub secret: Option<SecretString>,
}

impl Check for RotateSecret {
    fn check(&self, faults: &mut FieldErrors) {
        let fits = self.overlap_hours.is_none_or(|hours| hours <= MAX_OVERLAP);
        faults.require(fits, "overlapHours", "Give 0 to 168 hours.");
        check_secret(self.secret.as_ref(), faults);
    }
}

/// The time from which events are delivered again.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RecoverWebhook)]
pub struct Recover {
    /// At most 30 days back.
    pub since: Time,
}

impl Check for Recover {}

/// The event of a test.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestWebhook {
    /// Sends an example of this type; `webhook.test` if omitted.
    #[serde(default, rename = "type")]
    pub event_type: Option<DeliveredType>,
}

impl Check for TestWebhook {}

/// Filter of a list of endpoints.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EndpointFilter {
    /// Only endpoints with this status.
    #[param(inline)]
    pub status: Option<EndpointStatus>,
}

impl Check for EndpointFilter {}

/// Filter of a list of deliveries.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFilter {
    /// Only deliveries with this status.
    #[param(inline)]
    pub status: Option<DeliveryStatus>,
    /// Only deliveries of events of this type.
    #[serde(rename = "type")]
    #[param(inline)]
    pub event_type: Option<DeliveredType>,
    /// Only deliveries from this time or day (UTC) on.
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Only deliveries up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
}

impl Check for DeliveryFilter {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["date_from", "date_to"], self.date_from.map(|from| from.0), self.date_to.map(|to| to.0));
    }
}

/// The place in the log from which events are read.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// The sequence of the last event that the receiver has; 0, or left out, for all.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    pub after_sequence: i64,
    /// The largest number of events in the response.
    #[serde(default = "usual_size")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: u16,
}

const fn usual_size() -> u16 {
    20
}

impl Check for EventsQuery {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require(self.after_sequence >= 0, "after_sequence", "must be a whole number from 0");
        faults.require((1..=100).contains(&self.page_size), "page_size", "must be a whole number from 1 to 100");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_kept_once_and_an_asterisk_includes_all() {
        let of = |patterns: &[&str]| subscription(&patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["trip.*", "invoice.paid", "trip.*"]).to_string(), "trip.*, invoice.paid");
        assert_eq!(of(&["trip.created", "*", "invoice.paid"]).to_string(), "*");
    }
}
