//! Refusals, folded into audit events.

use std::collections::HashMap;

use serde_json::json;

use super::{BATCH, Denial, Reason};
use crate::app::App;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Outcome, Target};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, is_reported};

/// Writes denials, in transactions of one workspace each. Returns false if some could not be written: they go back into memory.
pub(super) async fn write(app: &App, denials: Vec<Denial>) -> bool {
    let mut is_written = true;
    let mut by_workspace: HashMap<WorkspaceId, Vec<Denial>> = HashMap::new();
    for denial in denials {
        by_workspace.entry(denial.entry.tenant.id).or_default().push(denial);
    }
    for (workspace, mut denials) in by_workspace {
        while !denials.is_empty() {
            let some = denials.split_off(denials.len().saturating_sub(BATCH));
            if let Err(error) = record(app, workspace, &some).await {
                if !is_reported(&error) {
                    tracing::warn!(%error, "refusals could not be recorded; they are kept for the next time");
                }
                is_written = false;
                for denial in some.into_iter().chain(denials.drain(..)) {
                    app.recorder.put_back(denial);
                }
            }
        }
    }
    is_written
}

async fn record(app: &App, workspace: WorkspaceId, denials: &[Denial]) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(app, workspace).await?;
    for Denial { entry, reason, address, count, first, last, request_id, user_agent } in denials {
        tx.act_for(AuditContext {
            actor: Actor::api_key(entry.id, &entry.name),
            ip: *address,
            user_agent: user_agent.clone(),
            request_id: Some(request_id.clone()).filter(|id| !id.is_empty()),
            credential: None,
        });
        let mut details = json!({ "reason": reason.as_str(), "count": count, "first": first, "last": last });
        if let Reason::Scope(scope) = reason {
            details["requiredScope"] = json!(scope);
        }
        let action = if *reason == Reason::LeakedInUrl { Action::KeyLeakedInUrl } else { Action::KeyDenied };
        tx.record_as(action, Outcome::Denied, Some(Target::new("api_key", entry.id, &entry.name)), details);
    }
    tx.commit().await
}
