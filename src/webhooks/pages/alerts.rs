//! Warnings about endpoints that fail, that will be disabled, and that the server has disabled.

use std::time::Duration;

use super::labels;
use super::times::span;
use crate::webhooks::model::{Endpoint, EndpointId, EndpointStatus};
use crate::webhooks::settings::WebhookSettings;
use kit::clock::Time;

/// An endpoint that fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failing {
    pub(super) since: Time,
    /// The earliest time at which it is disabled.
    pub(super) disabled_from: Time,
    /// Deliveries that have to fail before.
    pub(super) still_to_fail: u64,
    /// True once nothing but a success keeps it from being disabled within a day.
    pub(super) is_soon: bool,
    /// The time for which its events are kept once it is disabled, in words.
    pub(super) kept_for: String,
}

impl Failing {
    pub(super) fn of(endpoint: &Endpoint, settings: &WebhookSettings, now: Time) -> Option<Self> {
        let health = &endpoint.health;
        let since = health.failing_since.filter(|_| endpoint.status() == EndpointStatus::Failing)?;
        let still_to_fail = health.still_to_fail();
        let is_soon = still_to_fail == 0 && since.after(settings.warn_after()) <= now;
        let disabled_from = health.disabled_from(settings.disable_after)?;
        Some(Self { since, disabled_from, still_to_fail, is_soon, kept_for: span(settings.kept()) })
    }
}

/// An endpoint that the server has disabled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Disabled {
    pub(super) at: Time,
    pub(super) reason: String,
    /// The time for which its events are kept, in words.
    pub(super) kept_for: String,
    /// The time until which all events since then are kept; `None` once the first are deleted.
    pub(super) kept_until: Option<Time>,
}

impl Disabled {
    pub(super) fn of(endpoint: &Endpoint, settings: &WebhookSettings, now: Time) -> Option<Self> {
        let at = endpoint.health.disabled_at?;
        let kept: Duration = settings.kept();
        Some(Self {
            at,
            reason: endpoint
                .health
                .disabled_reason
                .clone()
                .unwrap_or_else(|| "it did not accept any event for a long time".to_owned()),
            kept_for: span(kept),
            kept_until: Some(at.after(kept)).filter(|until| *until > now),
        })
    }
}

/// An endpoint that the notice of the list names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Named {
    pub(super) id: EndpointId,
    pub(super) title: String,
}

/// The endpoints that the notice of the list names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ListNotice {
    pub(super) disabled: Vec<Named>,
    /// Those that will be disabled within a day.
    pub(super) soon: Vec<Named>,
    /// The time for which events of disabled endpoints are kept, in words.
    pub(super) kept_for: String,
}

impl ListNotice {
    pub(super) fn of(endpoints: &[Endpoint], settings: &WebhookSettings, now: Time) -> Self {
        let named = |endpoint: &Endpoint| Named { id: endpoint.id, title: labels::title(endpoint) };
        let is_disabled = |endpoint: &&Endpoint| endpoint.status() == EndpointStatus::Disabled;
        let is_soon = |endpoint: &&Endpoint| Failing::of(endpoint, settings, now).is_some_and(|failing| failing.is_soon);
        let mut notice = Self {
            disabled: endpoints.iter().filter(is_disabled).map(named).collect(),
            soon: endpoints.iter().filter(is_soon).map(named).collect(),
            kept_for: span(settings.kept()),
        };
        for list in [&mut notice.disabled, &mut notice.soon] {
            list.sort_by(|one, other| one.title.cmp(&other.title));
        }
        notice
    }

    pub(super) fn is_empty(&self) -> bool {
        self.disabled.is_empty() && self.soon.is_empty()
    }
}
