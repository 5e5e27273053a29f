//! The state of keys, members and the workspace by their events.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::fields::RowState;
use super::{Source, Subject};
use crate::audit::action::{Action, Outcome};
use crate::audit::long_read::Pace;
use crate::audit::store;
use crate::audit::tables::event;
use crate::workspaces::WorkspaceId;

/// The range of sequences of one query. Few of the events in it change a key or a member.
const STEP: i64 = 500;

/// The actions that change compared fields.
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

/// The state by the events up to one of them.
#[derive(Debug, Default)]
pub(super) struct Replay {
    sequence: i64,
    pub(super) states: HashMap<Subject, RowState>,
}

impl Replay {
    /// Replays the events up to the head of the log, and returns their subjects.
    pub(super) async fn advance<P: Pace>(&mut self, source: &Source<'_, P>) -> Result<HashSet<Subject>, P::Error> {
        let Source { db, workspace, pace } = *source;
        let head = store::head(db.read(), workspace).await?.map_or(0, |head| head.sequence);
        let mut touched = HashSet::new();
        while self.sequence < head {
            let _permit = pace.next_batch().await?;
            let until = (self.sequence + STEP).min(head);
            for row in store::of_actions(db.read(), workspace, &ACTIONS, self.sequence, until).await? {
                touched.extend(self.apply(workspace, &row));
            }
            self.sequence = until;
        }
        Ok(touched)
    }

    /// Applies an event, and returns its subject.
    fn apply(&mut self, workspace: WorkspaceId, row: &event::Model) -> Option<Subject> {
        let action: Action = row.action.parse().ok()?;
        if row.outcome != Outcome::Success.as_str() {
            return None;
        }
        let subject = subject(workspace, action, row)?;
        let state = self.states.entry(subject).or_default();
        match subject {
            Subject::Workspace(_) => workspace_event(state, action, row),
            Subject::Member(_) => member_event(state, action, row),
            Subject::Key(_) => {
                key_event(state, action, row);
                // In logs of early versions the new key has no event of its own, or one that does not name the old key.
                if action == Action::KeyRotated
                    && let Some(new) = row.details.pointer("/replacement/id").and_then(Value::as_str)
                    && let Ok(new) = new.parse()
                {
                    let state = self.states.entry(Subject::Key(new)).or_default();
                    state.create();
                    state.set("rotatedFrom", &json!(row.target_id));
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

fn workspace_event(state: &mut RowState, action: Action, row: &event::Model) {
    if action == Action::WorkspaceCreated {
        state.create();
        // Without the time of creation: the row's is a moment before the event's.
        state.set("name", &json!(row.target_name));
        state.set("apiKeysEnabled", &Value::Bool(true));
        copy(state, row, &["slug", "timezone"]);
    } else if let Some(enabled) = row.details.pointer("/enabled/to") {
        state.set("apiKeysEnabled", enabled);
    }
}

fn member_event(state: &mut RowState, action: Action, row: &event::Model) {
    match action {
        Action::MemberAdded => {
            state.create();
            state.set("name", &json!(row.target_name));
            state.set("createdAt", &json!(row.occurred_at));
            copy(state, row, &["email", "role"]);
            password(state, row);
        }
        Action::MemberJoined => password(state, row),
        // A sign-in may have renewed the hash.
        Action::SignedIn => copy(state, row, &["passwordFingerprint"]),
        Action::MemberRoleChanged => {
            if let Some(role) = row.details.pointer("/role/to") {
                state.set("role", role);
            }
        }
        _ => state.remove(),
    }
}

/// Events of earlier versions do not contain the fingerprint.
fn password(state: &mut RowState, row: &event::Model) {
    state.forget("passwordFingerprint");
    copy(state, row, &["passwordFingerprint"]);
}

fn key_event(state: &mut RowState, action: Action, row: &event::Model) {
    let by = json!(row.actor_id.as_ref().unwrap_or(&row.actor_type));
    match action {
        Action::KeyCreated => {
            state.create();
            state.set("name", &json!(row.target_name));
            state.set("createdAt", &json!(row.occurred_at));
            state.set("createdBy", &by);
            for nothing in ["rotatedFrom", "revokedAt", "revokedBy", "expiryRecordedAt", "refusedEverywhereAt"] {
                state.set(nothing, &Value::Null);
            }
            copy(state, row, &["hint", "permissions", "scopes", "expiresAt", "ipAllowlist", "rateLimit"]);
            copy(state, row, &["description", "secretFingerprint", "rotatedFrom"]);
        }
        Action::KeyUpdated => {
            for field in ["name", "description", "ipAllowlist", "rateLimit"] {
                if let Some(to) = row.details.get(field).and_then(|change| change.get("to")) {
                    state.set(field, to);
                }
            }
        }
        Action::KeyRevoked => {
            state.set("revokedAt", &json!(row.occurred_at));
            state.set("revokedBy", &by);
            copy(state, row, &["reason"]);
            // An early version stored this time without an event.
            state.forget("refusedEverywhereAt");
        }
        Action::KeyRefusedEverywhere => copy(state, row, &["refusedEverywhereAt"]),
        Action::KeyExpired => state.set("expiryRecordedAt", &json!(row.occurred_at)),
        _ => {}
    }
}

/// Sets the fields that the event contains.
fn copy(state: &mut RowState, row: &event::Model, fields: &[&'static str]) {
    for field in fields {
        if let Some(value) = row.details.get(*field) {
            state.set(field, value);
        }
    }
}
