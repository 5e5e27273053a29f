//! The provenance of a row of the workspace's data: who created it and who changed it last, by the events about it.

use super::actor::{ActorKind, EventActor};
use super::event::Event;
use super::store;
use crate::keys::KeyId;
use crate::members::Role;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// The history of a row, for its page.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The creation, and the last change if there was one.
    pub steps: Vec<ProvenanceStep>,
    /// The address of all events about the row, for those who may read the audit log.
    pub events: Option<String>,
}

/// A creation or a change.
#[derive(Clone, Debug)]
pub struct ProvenanceStep {
    /// “Created” or “Last changed”
    pub title: &'static str,
    pub at: Time,
    /// The kind of the actor, if it is software: “API key”.
    pub kind: Option<&'static str>,
    /// The name of the actor, or what is known about them.
    pub by: String,
    /// The page of the key that acted, for those who may open it.
    pub actor: Option<String>,
    /// The event in the audit log, for those who may read it, among all events about the row.
    pub event: Option<String>,
}

/// The part of the history that a page discloses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disclosure {
    Everything,
    /// Nothing about the creation, and no address of the events, which it is among: a person was promised that their name is not
    /// shown.
    ChangesOnly,
}

/// Reads who created the row with this id and who changed it last. Both events are found by the index on targets.
pub async fn provenance(
    db: &impl Source,
    workspace: WorkspaceId,
    id: &str,
    (reader, disclosure): (Role, Disclosure),
) -> DbResult<Provenance> {
    let [first, last] = store::first_and_last_about(db, workspace, id).await?;
    let changed = last.filter(|last| first.as_ref().is_none_or(|first| first.sequence != last.sequence));
    let created = first.filter(|_| disclosure == Disclosure::Everything);
    let steps = [("Created", created), ("Last changed", changed)];
    let reads = reader.reads_audit_log() && disclosure == Disclosure::Everything;
    let events = reads.then(|| format!("/settings/audit-log?target_id={id}"));
    let steps = steps.into_iter().filter_map(|(title, event)| Some(step(title, &event?, events.as_deref(), reader)));
    Ok(Provenance { steps: steps.collect(), events })
}

fn step(title: &'static str, event: &Event, events: Option<&str>, reader: Role) -> ProvenanceStep {
    let EventActor { kind: _, id: actor, name } = &event.actor;
    let named = |otherwise: &str| name.clone().unwrap_or_else(|| otherwise.to_owned());
    let (kind, by) = match event.actor.known_kind() {
        Some(ActorKind::ApiKey) => (Some("API key"), named("a key without a name")),
        Some(ActorKind::Member) | None => (None, named("a person without a name")),
        Some(ActorKind::Operator) => (None, "the operator (command line)".to_owned()),
        Some(ActorKind::Anonymous) => (None, "somebody whose name is not recorded".to_owned()),
        Some(ActorKind::System) => (None, "PlaneConnection".to_owned()),
    };
    let key = actor.as_ref().filter(|_| reader.is_administrator() && kind.is_some()).and_then(|id| id.parse::<KeyId>().ok());
    ProvenanceStep {
        title,
        at: event.occurred_at,
        kind,
        by,
        actor: key.map(|key| format!("/settings/api-keys/{key}")),
        event: events.map(|events| format!("{events}#{}", event.id)),
    }
}
