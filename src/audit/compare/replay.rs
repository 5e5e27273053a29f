//! The state of keys, members and the workspace as their events tell it.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::Subject;
use super::fields::Known;
use crate::audit::model::{Action, Outcome};
use crate::audit::store;
use crate::audit::tables::event;
use crate::workspaces::WorkspaceId;
use kit::db::{Db, DbResult};

/// Numbers of events that are read at once; few of the events in between change a key or a member.
const STEP: i64 = 500;

/// The actions that change what is compared.
const ACTIONS: [Action; 13] = [
    Action::KeyCreated,
    Action::KeyUpdated,
    Action::KeyRotated,
    Action::KeyRevoked,
    Action::KeyRefusedEverywhere,
    Action::KeyExpired,
    Action::KeySettingsUpdated,
    Action::SignedIn,
    Action::MemberAdded,
    Action::MemberJoined,
    Action::MemberRoleChanged,
    Action::MemberRemoved,
    Action::WorkspaceCreated,
];

/// What the events tell, up to one of them.
#[derive(Debug, Default)]
pub(super) struct Replay {
    sequence: i64,
    pub(super) states: HashMap<Subject, Known>,
}

impl Replay {
    /// Replays the events up to the head of the log; of whom they tell.
    pub(super) async fn advance(&mut self, db: &Db, workspace: WorkspaceId) -> DbResult<HashSet<Subject>> {
        let head = store::head(db.read(), workspace).await?.map_or(0, |head| head.sequence);
        let mut touched = HashSet::new();
        while self.sequence < head {
            let until = (self.sequence + STEP).min(head);
            for row in store::of_actions(db.read(), workspace, &ACTIONS, self.sequence, until).await? {
                touched.extend(self.apply(workspace, &row));
            }
            self.sequence = until;
        }
        Ok(touched)
    }

    /// Applies an event; of whom it tells.
    fn apply(&mut self, workspace: WorkspaceId, row: &event::Model) -> Option<Subject> {
        let action: Action = row.action.parse().ok()?;
        if row.outcome != Outcome::Success.as_str() {
            return None;
        }
        let subject = subject(workspace, action, row)?;
        let known = self.states.entry(subject).or_default();
        match subject {
            Subject::Workspace(_) => workspace_event(known, action, row),
            Subject::Member(_) => member_event(known, action, row),
            Subject::Key(_) => {
                key_event(known, action, row);
                // In the log of an early version the new key has no event of its own, or one that does not name the old key.
                if action == Action::KeyRotated
                    && let Some(new) = row.details.pointer("/replacement/id").and_then(Value::as_str)
                    && let Ok(new) = new.parse()
                {
                    let known = self.states.entry(Subject::Key(new)).or_default();
                    known.make();
                    known.set("rotatedFrom", &json!(row.target_id));
                    return Some(Subject::Key(new));
                }
            }
        }
        Some(subject)
    }
}

fn subject(workspace: WorkspaceId, action: Action, row: &event::Model) -> Option<Subject> {
    let target = row.target_id.as_deref();
    match action {
        Action::WorkspaceCreated | Action::KeySettingsUpdated => Some(Subject::Workspace(workspace)),
        Action::SignedIn | Action::MemberAdded | Action::MemberJoined | Action::MemberRoleChanged | Action::MemberRemoved => {
            target?.parse().ok().map(Subject::Member)
        }
        _ => target?.parse().ok().map(Subject::Key),
    }
}

fn workspace_event(known: &mut Known, action: Action, row: &event::Model) {
    if action == Action::WorkspaceCreated {
        known.make();
        // Not its time: the row has it from a moment before the event.
        known.set("name", &json!(row.target_name));
        known.set("apiKeysEnabled", &Value::Bool(true));
        copy(known, row, &["slug", "timezone"]);
    } else if let Some(enabled) = row.details.pointer("/enabled/to") {
        known.set("apiKeysEnabled", enabled);
    }
}

fn member_event(known: &mut Known, action: Action, row: &event::Model) {
    match action {
        Action::MemberAdded => {
            known.make();
            known.set("name", &json!(row.target_name));
            known.set("createdAt", &json!(row.occurred_at));
            copy(known, row, &["email", "role"]);
            password(known, row);
        }
        Action::MemberJoined => password(known, row),
        // Where a sign-in has renewed the hash.
        Action::SignedIn => copy(known, row, &["passwordFingerprint"]),
        Action::MemberRoleChanged => {
            if let Some(role) = row.details.pointer("/role/to") {
                known.set("role", role);
            }
        }
        _ => known.remove(),
    }
}

/// An event of an earlier version does not tell which password was set.
fn password(known: &mut Known, row: &event::Model) {
    known.forget("passwordFingerprint");
    copy(known, row, &["passwordFingerprint"]);
}

fn key_event(known: &mut Known, action: Action, row: &event::Model) {
    let by = json!(row.actor_id.as_ref().unwrap_or(&row.actor_type));
    match action {
        Action::KeyCreated => {
            known.make();
            known.set("name", &json!(row.target_name));
            known.set("createdAt", &json!(row.occurred_at));
            known.set("createdBy", &by);
            for nothing in ["rotatedFrom", "revokedAt", "revokedBy", "expiryRecordedAt", "refusedEverywhereAt"] {
                known.set(nothing, &Value::Null);
            }
            copy(known, row, &["hint", "permissions", "scopes", "expiresAt", "ipAllowlist", "rateLimit"]);
            copy(known, row, &["description", "secretFingerprint", "rotatedFrom"]);
        }
        Action::KeyUpdated => {
            for field in ["name", "description", "ipAllowlist", "rateLimit"] {
                if let Some(to) = row.details.get(field).and_then(|change| change.get("to")) {
                    known.set(field, to);
                }
            }
        }
        Action::KeyRevoked => {
            known.set("revokedAt", &json!(row.occurred_at));
            known.set("revokedBy", &by);
            copy(known, row, &["reason"]);
            // An early version noted that every node refused the key without an event.
            known.forget("refusedEverywhereAt");
        }
        Action::KeyRefusedEverywhere => copy(known, row, &["refusedEverywhereAt"]),
        Action::KeyExpired => known.set("expiryRecordedAt", &json!(row.occurred_at)),
        // The old key stays as it is.
        _ => {}
    }
}

/// Takes the fields that the event has.
fn copy(known: &mut Known, row: &event::Model, fields: &[&'static str]) {
    for field in fields {
        if let Some(value) = row.details.get(*field) {
            known.set(field, value);
        }
    }
}
