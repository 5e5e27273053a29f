//! [`StoredEvent`]: an event as it is read with very many others, for a walk over a chain and for exports.

use sea_orm::sea_query::Query;
use sea_orm::{DbErr, QuerySelect, QueryTrait};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::actor::EventActor;
use super::authentication::EventAuthentication;
use super::chain::Hash;
use super::event::{Event, EventId};
use super::filter::EventFilter;
use super::store;
use super::tables::event::Column;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, ExactTime, PackedDigest, PackedRows, Packing, Pool, is_unavailable, packed_rows};

/// Events that were read and are still to be decoded.
pub(super) type PackedEvents = PackedRows<StoredEvent>;

/// Columns in the order of the fields of [`StoredEvent`].
const COLUMNS: [(Column, Packing); 18] = [
    (Column::Id, Packing::Uuid),
    (Column::Sequence, Packing::Integer),
    (Column::OccurredAt, Packing::Time),
    (Column::Action, Packing::Text),
    (Column::Outcome, Packing::Text),
    (Column::ActorType, Packing::Text),
    (Column::ActorId, Packing::Text),
    (Column::ActorName, Packing::Text),
    (Column::TargetType, Packing::Text),
    (Column::TargetId, Packing::Text),
    (Column::TargetName, Packing::Text),
    (Column::Ip, Packing::Text),
    (Column::UserAgent, Packing::Text),
    (Column::RequestId, Packing::Text),
    (Column::Details, Packing::JsonText),
    (Column::Hash, Packing::Digest),
    (Column::AuthMethods, Packing::Text),
    (Column::AuthAgeSeconds, Packing::Integer),
];

/// An event whose columns all have the form in which the log writes them, but perhaps for `details`.
#[derive(Deserialize)]
pub(super) struct StoredEvent {
    id: Uuid,
    sequence: i64,
    occurred_at: ExactTime,
    action: String,
    outcome: String,
    actor_type: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    target_type: Option<String>,
    target_id: Option<String>,
    target_name: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    /// JSON.
    details: String,
    hash: PackedDigest,
    auth_methods: Option<String>,
    auth_age_seconds: Option<i64>,
}

impl StoredEvent {
    pub(super) fn sequence(&self) -> i64 {
        self.sequence
    }

    pub(super) fn occurred_at(&self) -> Time {
        self.occurred_at.0
    }

    pub(super) fn hash(&self) -> Hash {
        self.hash.0
    }

    pub(super) fn details(&self) -> serde_json::Result<Value> {
        serde_json::from_str(&self.details)
    }

    /// Returns whether the stored text is the one that the log writes for these details.
    pub(super) fn is_as_written(&self, details: &Value) -> bool {
        serde_json::to_string(details).is_ok_and(|text| text == self.details)
    }

    /// Returns the event with these details and without its hash.
    pub(super) fn into_event(self, details: Value) -> Event {
        Event {
            id: EventId(self.id),
            sequence: self.sequence,
            occurred_at: self.occurred_at.0,
            action: self.action,
            outcome: self.outcome,
            actor: EventActor { kind: self.actor_type, id: self.actor_id, name: self.actor_name },
            target: store::target_of(self.target_type, self.target_id, self.target_name),
            ip: self.ip,
            user_agent: self.user_agent,
            request_id: self.request_id,
            details,
            authentication: EventAuthentication::from_columns(self.auth_methods, self.auth_age_seconds),
            hash: String::new(),
        }
    }
}

/// Reads up to `limit` events after `sequence` and up to `until`. `None` if a value has another type or form than the log
/// writes; another such value may be found by [`decode`].
///
/// The filter must not contain a text of a person: its values become part of the statement's text.
pub(super) async fn read(
    db: &Pool,
    workspace: WorkspaceId,
    filter: &EventFilter,
    sequence: i64,
    until: i64,
    limit: u64,
) -> DbResult<Option<PackedEvents>> {
    let events = store::matching(workspace, filter, sequence, until).limit(limit).into_query();
    match packed_rows(db, Query::select().from_subquery(events, "events").take(), COLUMNS).await {
        Ok(events) => Ok(Some(events)),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Decodes events, the oldest first. `None` as with [`read`].
pub(super) fn decode(events: PackedEvents) -> Option<Vec<StoredEvent>> {
    let mut events = events.decode().ok()?;
    // An engine may give rows of a subquery in any order, but does not in practice.
    events.sort_unstable_by_key(StoredEvent::sequence);
    Some(events)
}

/// Runs `work`, which takes milliseconds, on a thread that serves no requests.
pub(super) async fn on_own_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> DbResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| DbErr::Custom(error.to_string()))
}
