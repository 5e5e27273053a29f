//! Payloads of events, stored in the transaction of their change for the webhook endpoints that receive them.
//!
//! The head of a workspace's log, which every writer locks, has the patterns of the event types that are received. Where none
//! matches, a writer stores nothing.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Order, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value, json};

use super::event_type::EventType;
use super::scrub::take_secrets_out;
use super::tables::{event, head, payload};
use super::transaction::AuditedTx;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_rows, find_tuples, in_powers};

/// Payloads that one statement deletes.
const DELETED_AT_ONCE: u64 = 500;

/// A pattern of event types: a type, all of a resource (`trip.*`), or all (`*`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypePattern(String);

/// The text is no pattern of event types.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be an event type such as trip.created, all of a resource such as trip.*, or *")]
pub struct NotAPattern;

impl TypePattern {
    /// Takes a pattern that was stored. A later version may have types that this one does not know.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it matches a type of this version.
    pub fn is_known(&self) -> bool {
        self.types().next().is_some()
    }

    pub fn matches(&self, event_type: EventType) -> bool {
        self.matches_name(event_type.as_str())
    }

    /// Returns whether it matches the type of this name, which may be one of a later version.
    pub fn matches_name(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// Lists the types of this version that it matches.
    pub fn types(&self) -> impl Iterator<Item = EventType> {
        EventType::ALL.iter().copied().filter(|event_type| self.matches(*event_type))
    }
}

impl std::str::FromStr for TypePattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        Some(Self::stored(text)).filter(Self::is_known).ok_or(NotAPattern)
    }
}

fn matches(pattern: &str, event_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(resource) => resource.ends_with('.') && event_type.starts_with(resource),
        None => pattern == event_type,
    }
}

/// The patterns of a workspace's endpoints, as the head of its log has them. Those of a later version match nothing here.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Option<String>);

impl Received {
    pub(super) fn new(patterns: Option<String>) -> Self {
        Self(patterns)
    }

    pub(super) fn contains(&self, event_type: EventType) -> bool {
        self.0.as_ref().is_some_and(|patterns| patterns.split(',').any(|pattern| matches(pattern, event_type.as_str())))
    }
}

/// Stores the patterns of all endpoints of the transaction's workspace. Writers that follow store matching payloads.
pub async fn set_received(tx: &AuditedTx, patterns: &BTreeSet<TypePattern>) -> DbResult<()> {
    let texts: Vec<&str> = patterns.iter().map(TypePattern::as_str).collect();
    let stored = (!texts.is_empty()).then(|| texts.join(","));
    let update = head::Entity::update_many().col_expr(head::Column::EventTypes, Expr::value(stored));
    update.filter(head::Column::WorkspaceId.eq(tx.workspace())).exec(tx.db()).await.map(|_| ())
}

/// Makes the payload of an event that was just recorded.
pub(super) fn of(row: &event::Model, event_type: EventType, data: Value) -> payload::Model {
    let id = super::event::EventId(row.id);
    let mut body = body(id, event_type, row.workspace_id, row.occurred_at, Some(row.sequence), data).to_string();
    take_secrets_out(&mut body);
    payload::Model {
        event_id: row.id,
        workspace_id: row.workspace_id,
        sequence: row.sequence,
        event_type: event_type.as_str().to_owned(),
        target_id: row.target_id.clone(),
        body,
        created_at: row.occurred_at,
    }
}

/// Returns the JSON of a payload. A test has no sequence.
pub fn body(
    id: super::event::EventId,
    event_type: EventType,
    workspace: WorkspaceId,
    at: Time,
    sequence: Option<i64>,
    data: Value,
) -> Value {
    json!({
        "id": id,
        "type": event_type,
        "workspace_id": workspace,
        "timestamp": at,
        "sequence": sequence,
        "data": data,
    })
}

pub(super) async fn insert(db: &impl ConnectionTrait, payloads: Vec<payload::Model>) -> DbResult<()> {
    for payloads in in_powers(payloads) {
        let rows = payloads.into_iter().map(IntoActiveModel::into_active_model);
        payload::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The payload of an event.
#[derive(Clone, Debug)]
pub struct Payload {
    pub event: super::event::EventId,
    pub sequence: i64,
    /// As stored: a later version may have types that this one does not know.
    pub event_type: String,
    pub body: String,
    pub created_at: Time,
}

impl Payload {
    /// Returns whether an endpoint with these patterns receives it.
    pub fn is_received_by<'a>(&self, patterns: impl IntoIterator<Item = &'a TypePattern>) -> bool {
        patterns.into_iter().any(|pattern| matches(pattern.as_str(), &self.event_type))
    }
}

/// The payload of an event, without its body.
#[derive(Clone, Debug)]
pub struct PayloadHead {
    pub event: super::event::EventId,
    pub sequence: i64,
    /// As stored: a later version may have types that this one does not know.
    pub event_type: String,
    pub created_at: Time,
}

impl PayloadHead {
    /// Returns whether an endpoint with these patterns receives it.
    pub fn is_received_by<'a>(&self, patterns: impl IntoIterator<Item = &'a TypePattern>) -> bool {
        patterns.into_iter().any(|pattern| pattern.matches_name(&self.event_type))
    }
}

fn payload_of(row: payload::Model) -> Payload {
    let payload::Model { event_id, sequence, event_type, body, created_at, .. } = row;
    Payload { event: super::event::EventId(event_id), sequence, event_type, body, created_at }
}

/// Lists up to `limit` payloads of a workspace after `sequence`, in order.
pub async fn payloads_after(db: &impl Source, workspace: WorkspaceId, sequence: i64, limit: u64) -> DbResult<Vec<Payload>> {
    let rows =
        payload::Entity::find().filter(payload::Column::WorkspaceId.eq(workspace)).filter(payload::Column::Sequence.gt(sequence));
    let rows = find_rows(db, rows.order_by(payload::Column::Sequence, Order::Asc).limit(limit)).await?;
    Ok(rows.into_iter().map(payload_of).collect())
}

/// Lists up to `limit` payloads of a workspace before `sequence` and after `after`, the last one first.
pub async fn payloads_before(
    db: &impl Source,
    workspace: WorkspaceId,
    (after, sequence): (i64, i64),
    limit: u64,
) -> DbResult<Vec<Payload>> {
    let rows = payload::Entity::find().filter(payload::Column::WorkspaceId.eq(workspace));
    let rows = rows.filter(payload::Column::Sequence.gt(after)).filter(payload::Column::Sequence.lt(sequence));
    let rows = find_rows(db, rows.order_by(payload::Column::Sequence, Order::Desc).limit(limit)).await?;
    Ok(rows.into_iter().map(payload_of).collect())
}

/// Lists up to `limit` payloads of a workspace after `sequence`, in order and without their bodies.
pub async fn payload_heads_after(
    db: &impl Source,
    workspace: WorkspaceId,
    sequence: i64,
    limit: u64,
) -> DbResult<Vec<PayloadHead>> {
    use payload::Column;
    let columns = [Column::EventId, Column::Sequence, Column::EventType, Column::CreatedAt];
    let heads = payload::Entity::find().select_only().columns(columns);
    let heads = heads.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Sequence.gt(sequence));
    let heads: Vec<(uuid::Uuid, i64, String, Time)> =
        find_tuples(db, heads.order_by(Column::Sequence, Order::Asc).limit(limit)).await?;
    let head = |(event, sequence, event_type, created_at)| PayloadHead {
        event: super::event::EventId(event),
        sequence,
        event_type,
        created_at,
    };
    Ok(heads.into_iter().map(head).collect())
}

/// Finds the payloads of events of a workspace.
pub async fn payloads_of(
    db: &impl Source,
    workspace: WorkspaceId,
    events: impl IntoIterator<Item = super::event::EventId>,
) -> DbResult<Vec<Payload>> {
    let ids: Vec<uuid::Uuid> = events.into_iter().map(|event| event.0).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows =
        payload::Entity::find().filter(payload::Column::WorkspaceId.eq(workspace)).filter(payload::Column::EventId.is_in(ids));
    Ok(find_rows(db, rows).await?.into_iter().map(payload_of).collect())
}

/// Reduces the data of a target's stored payloads to `kept` fields: of a report that is not `standard` any more. Returns their
/// events.
pub async fn thin_payloads(tx: &AuditedTx, target: &str, kept: &[&str]) -> DbResult<Vec<super::event::EventId>> {
    let mut events = Vec::new();
    let of_target = payload::Entity::find().filter(payload::Column::WorkspaceId.eq(tx.workspace()));
    for row in find_rows(tx.db(), of_target.filter(payload::Column::TargetId.eq(target))).await? {
        let mut body: Map<String, Value> = serde_json::from_str(&row.body).map_err(|error| DbErr::Json(error.to_string()))?;
        if let Some(Value::Object(data)) = body.get_mut("data") {
            data.retain(|field, _| kept.contains(&field.as_str()));
        }
        let thinned =
            payload::Entity::update_many().col_expr(payload::Column::Body, Expr::value(Value::Object(body).to_string()));
        thinned.filter(payload::Column::EventId.eq(row.event_id)).exec(tx.db()).await?;
        events.push(super::event::EventId(row.event_id));
    }
    Ok(events)
}

/// Deletes the payloads of events before `before`, in small transactions.
pub async fn forget_old_payloads(core: &Core, before: Time) -> DbResult<()> {
    loop {
        let ids = payload::Entity::find().select_only().column(payload::Column::EventId);
        let old = ids.filter(payload::Column::CreatedAt.lt(before)).limit(DELETED_AT_ONCE);
        let ids: Vec<(uuid::Uuid,)> = find_tuples(core.db.read(), old).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let tx = core.db.begin_essential().await?;
        let ids = ids.into_iter().map(|(id,)| id);
        payload::Entity::delete_many().filter(payload::Column::EventId.is_in(ids)).exec(&tx).await?;
        tx.commit().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_matches_one_type_all_of_a_resource_or_all() {
        let all: TypePattern = "*".parse().expect("a pattern");
        assert_eq!(all.types().count(), EventType::ALL.len());
        let trips: TypePattern = "trip.*".parse().expect("a pattern");
        assert!(trips.types().all(|event_type| event_type.module() == crate::scopes::Module::Trips));
        assert_eq!(trips.types().count(), 5);
        let one: TypePattern = "trip.created".parse().expect("a pattern");
        assert_eq!(one.types().collect::<Vec<_>>(), [EventType::TripCreated]);
    }

    #[test]
    fn text_that_matches_no_type_is_not_a_pattern() {
        for text in ["", "trip", "trip*", "tri.*", "trip.*.*", "Trip.created", "trip.created ", "**"] {
            assert_eq!(text.parse::<TypePattern>(), Err(NotAPattern), "{text}");
        }
    }

    #[test]
    fn nothing_is_received_without_patterns() {
        assert!(!Received::new(None).contains(EventType::TripCreated));
        let received = Received::new(Some("invoice.*,trip.created".to_owned()));
        assert!(received.contains(EventType::TripCreated) && received.contains(EventType::InvoicePaid));
        assert!(!received.contains(EventType::TripUpdated));
    }
}
