//! The state of keys, members and the workspace by their events.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::change::{Change, KeyChange, MemberChange, WorkspaceChange};
use super::fields::RowState;
use super::{Source, Subject};
use crate::audit::action::{Action, Outcome};
use crate::audit::long_read::Pace;
use crate::audit::store;
use crate::audit::tables::event;
use crate::keys::KeyPolicy;
use crate::security::SecurityPolicy;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

/// The range of sequences of one query. Few of the events in it change a key or a member.
const STEP: i64 = 500;

/// Returns the subject of an event with this change; `None` if the event names none.
fn subject_of(change: Change, workspace: WorkspaceId, row: &event::Model) -> Option<Subject> {
    let target = row.target_id.as_deref();
    match change {
        Change::Workspace(_) => Some(Subject::Workspace(workspace)),
        Change::Member(_) => target?.parse().ok().map(Subject::Member),
        Change::Key(_) => target?.parse().ok().map(Subject::Key),
        Change::HandedOver => None,
    }
}

/// The state by the events up to one of them.
#[derive(Debug, Default)]
pub(super) struct Replay {
    sequence: i64,
    pub(super) states: HashMap<Subject, RowState>,
    /// `None` after an event of a newer version that this one does not understand.
    security: Option<SecurityPolicy>,
}

impl Replay {
    /// Replays the events up to the head of the log, and returns their subjects.
    pub(super) async fn advance<P: Pace>(&mut self, source: &Source<'_, P>) -> Result<HashSet<Subject>, P::Error> {
        let Source { db, workspace, pace } = *source;
        let head = store::head(db.read(), workspace).await?.map_or(0, |head| head.sequence);
        let mut touched = HashSet::new();
        let actions: Vec<Action> = Action::ALL.iter().copied().filter(|action| Change::of(*action).is_some()).collect();
        while self.sequence < head {
            let _permit = pace.next_batch().await?;
            let until = (self.sequence + STEP).min(head);
            for row in store::of_actions(db.read(), workspace, &actions, [self.sequence, until], None).await? {
                touched.extend(self.apply(workspace, &row));
            }
            self.sequence = until;
        }
        Ok(touched)
    }

    /// Applies an event, and returns its subjects.
    fn apply(&mut self, workspace: WorkspaceId, row: &event::Model) -> Vec<Subject> {
        let change = row.action.parse().ok().and_then(Change::of).filter(|_| row.outcome == Outcome::Success.as_str());
        match change {
            None => Vec::new(),
            Some(Change::HandedOver) => self.hand_over(row),
            Some(change) => self.apply_to_one(change, workspace, row),
        }
    }

    /// Sets the custodian of the keys that the former one had, and that were neither revoked nor expired. Returns these.
    fn hand_over(&mut self, row: &event::Model) -> Vec<Subject> {
        let Some(to) = row.details.pointer("/custodian/id") else { return Vec::new() };
        let from = row.target_id.as_deref();
        let is_current = |state: &RowState| {
            let expiry = state.get("expiresAt").and_then(|expiry| expiry.parse::<Time>().ok());
            state.exists() && state.get("revokedAt").is_none() && expiry.is_none_or(|expiry| expiry > row.occurred_at)
        };
        let mut keys = Vec::new();
        for (subject, state) in &mut self.states {
            let custodian = state.get("custodianId").or_else(|| state.get("createdBy"));
            if matches!(subject, Subject::Key(_)) && custodian == from && is_current(state) {
                state.set("custodianId", to);
                keys.push(*subject);
            }
        }
        keys
    }

    /// Applies an event on one subject, and returns that; a rotation changes the old key and the new one.
    fn apply_to_one(&mut self, change: Change, workspace: WorkspaceId, row: &event::Model) -> Vec<Subject> {
        let Some(subject) = subject_of(change, workspace, row) else { return Vec::new() };
        let state = self.states.entry(subject).or_default();
        match change {
            Change::HandedOver => {}
            Change::Workspace(change) => workspace_event(state, &mut self.security, change, row),
            Change::Member(change) => member_event(state, change, row),
            Change::Key(change) => {
                key_event(state, change, row);
                // In logs of early versions the new key has no event of its own, or one that does not name the old key.
                if matches!(change, KeyChange::Rotated)
                    && let Some(new) = row.details.pointer("/replacement/id").and_then(Value::as_str)
                    && let Ok(new) = new.parse()
                {
                    let state = self.states.entry(Subject::Key(new)).or_default();
                    state.create();
                    state.set("rotatedFrom", &json!(row.target_id));
                    return vec![subject, Subject::Key(new)];
                }
            }
        }
        vec![subject]
    }
}

fn workspace_event(state: &mut RowState, security: &mut Option<SecurityPolicy>, change: WorkspaceChange, row: &event::Model) {
    match change {
        WorkspaceChange::Created => {
            state.create();
            // Without the time of creation: the row's is a moment before the event's.
            state.set("name", &json!(row.target_name));
            state.set("apiKeysEnabled", &Value::Bool(true));
            // The first event of a sandbox's log names its workspace.
            state.set("sandboxOf", &Value::Null);
            copy(state, row, &["slug", "timezone", "sandboxOf"]);
            let defaults = SecurityPolicy::default();
            state.set_all(&defaults.described());
            state.set_all(&json!(KeyPolicy::default()));
            *security = Some(defaults);
        }
        WorkspaceChange::KeySettingsUpdated => {
            if let Some(enabled) = row.details.pointer("/enabled/to") {
                state.set("apiKeysEnabled", enabled);
            }
        }
        WorkspaceChange::KeyPolicyUpdated => key_policy_event(state, row),
        WorkspaceChange::SecuritySettingsUpdated => {
            *security = security.and_then(|before| before.replay(&row.details, row.occurred_at));
            if let Some(after) = security {
                state.set_all(&after.described());
            } else if let Some(described) = SecurityPolicy::default().described().as_object() {
                described.keys().for_each(|field| state.forget(field));
            }
        }
    }
}

/// Sets each changed field to its new value.
fn key_policy_event(state: &mut RowState, row: &event::Model) {
    let changes = row.details.as_object().into_iter().flatten();
    let set = changes.filter_map(|(field, change)| Some((field.clone(), change.get("to")?.clone())));
    state.set_all(&Value::Object(set.collect()));
}

fn member_event(state: &mut RowState, change: MemberChange, row: &event::Model) {
    match change {
        MemberChange::Added => {
            state.create();
            state.set("name", &json!(row.target_name));
            state.set("createdAt", &json!(row.occurred_at));
            copy(state, row, &["email", "role"]);
            password(state, row);
        }
        MemberChange::Joined | MemberChange::PasswordReplaced => password(state, row),
        MemberChange::Renamed => {
            if let Some(name) = row.details.pointer("/name/to") {
                state.set("name", name);
            }
        }
        // A sign-in may have renewed the hash.
        MemberChange::SignedIn => copy(state, row, &["passwordFingerprint"]),
        MemberChange::RoleChanged => {
            if let Some(role) = row.details.pointer("/role/to") {
                state.set("role", role);
            }
        }
        MemberChange::Removed => state.remove(),
    }
}

/// Events of earlier versions do not contain the fingerprint.
fn password(state: &mut RowState, row: &event::Model) {
    state.forget("passwordFingerprint");
    copy(state, row, &["passwordFingerprint"]);
}

fn key_event(state: &mut RowState, change: KeyChange, row: &event::Model) {
    let by = json!(row.actor_id.as_ref().unwrap_or(&row.actor_type));
    match change {
        KeyChange::Created => {
            state.create();
            state.set("name", &json!(row.target_name));
            state.set("createdAt", &json!(row.occurred_at));
            state.set("createdBy", &by);
            // Events on live keys do not name a sandbox.
            state.set("sandboxId", &Value::Null);
            for nothing in ["rotatedFrom", "revokedAt", "revokedBy", "expiryRecordedAt", "refusedEverywhereAt"] {
                state.set(nothing, &Value::Null);
            }
            // Events of versions before custodians have none of these.
            for nothing in ["revokeOldAt", "rotationBlockedAt", "custodianId"] {
                state.set(nothing, &Value::Null);
            }
            state.set("revokeOldForced", &Value::Bool(false));
            no_pause(state);
            copy(state, row, &["hint", "permissions", "scopes", "expiresAt", "ipAllowlist", "rateLimit"]);
            copy(state, row, &["description", "secretFingerprint", "rotatedFrom", "custodianId", "sandboxId"]);
        }
        KeyChange::Updated => {
            for field in ["name", "description", "ipAllowlist", "rateLimit", "custodianId", "revokeOldAt", "revokeOldForced"] {
                if let Some(to) = row.details.get(field).and_then(|change| change.get("to")) {
                    state.set(field, to);
                }
            }
            if row.details.get("revokeOldAt").is_some() {
                state.set("rotationBlockedAt", &Value::Null);
            }
        }
        KeyChange::Paused => {
            no_pause(state);
            state.set("pausedAt", &json!(row.occurred_at));
            state.set("pausedBy", &by);
            copy(state, row, &["pausedUntil"]);
        }
        KeyChange::PausedEverywhere => copy(state, row, &["pausedEverywhereAt"]),
        KeyChange::Resumed => no_pause(state),
        KeyChange::Revoked => {
            state.set("revokedAt", &json!(row.occurred_at));
            state.set("revokedBy", &by);
            copy(state, row, &["reason"]);
            // An early version stored this time without an event.
            state.forget("refusedEverywhereAt");
        }
        KeyChange::RefusedEverywhere => copy(state, row, &["refusedEverywhereAt"]),
        KeyChange::Expired => state.set("expiryRecordedAt", &json!(row.occurred_at)),
        // The old key stays valid until its end; the new one has an event of its own.
        KeyChange::Rotated => {
            copy(state, row, &["revokeOldAt", "revokeOldForced"]);
            if row.details.get("revokeOldAt").is_some() {
                state.set("rotationBlockedAt", &Value::Null);
            }
        }
        KeyChange::RotationBlocked => state.set("rotationBlockedAt", &json!(row.occurred_at)),
    }
}

fn no_pause(state: &mut RowState) {
    for field in ["pausedAt", "pausedUntil", "pausedBy", "pausedEverywhereAt"] {
        state.set(field, &Value::Null);
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
