//! Publishing an event that was recorded, for the webhook endpoints of the workspace.

use serde_json::Value;

use super::action::Action;
use super::descriptions::unusual_reason;
use super::event_type::EventType;
use super::payloads;
use super::transaction::AuditedTx;

/// The bytes that a payload takes besides its body: about those of its row and its entries in four indexes.
const PAYLOAD_OVERHEAD: usize = 300;

impl AuditedTx {
    /// Returns whether an endpoint of the workspace receives this type: for a payload whose data takes a query.
    pub fn receives(&self, event_type: EventType) -> bool {
        self.received.contains(event_type)
    }

    /// Returns the reason why the event that was recorded last is unusual, if it is.
    pub fn last_is_unusual(&self) -> Option<&'static str> {
        self.events.last().and_then(|row| unusual_reason(&row.action, &row.outcome, &row.details))
    }

    /// Publishes the event that was recorded last, as `event_type`, with the data of its payload: stores the payload if an
    /// endpoint of the workspace receives this type, and otherwise does not call `data`.
    pub fn publish(&mut self, event_type: EventType, data: impl FnOnce() -> Value) {
        let Some(row) = self.events.last().filter(|_| self.received.contains(event_type)) else { return };
        debug_assert!(
            row.action.parse::<Action>().is_ok_and(|action| action.event_types().contains(&event_type)),
            "{} is not published as {event_type}",
            row.action
        );
        let payload = payloads::of(row, event_type, data());
        self.add_stored(payload.body.len() + PAYLOAD_OVERHEAD);
        self.payloads.push(payload);
    }
}
