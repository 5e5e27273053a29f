//! Sandboxes: a workspace's second set of data, which test keys see.
//!
//! A sandbox is a row of its own in the table of workspaces, without members. It is created with the first test key.

use serde_json::json;

use super::model::{Workspace, WorkspaceId};
use super::store;
use crate::audit::{Action, AuditedTx, Target, TargetKind};
use crate::core::Core;
use kit::db::DbResult;

/// Returns the sandbox of the transaction's workspace. Creates it, with a log of its own, if there is none yet.
pub async fn sandbox_for(core: &Core, tx: &mut AuditedTx) -> DbResult<Workspace> {
    let of = tx.workspace();
    if let Some(sandbox) = store::find_sandbox(tx.db(), of).await? {
        return Ok(sandbox);
    }
    let owner = store::find(tx.db(), of).await?.ok_or_else(|| sea_orm::DbErr::RecordNotFound(format!("the workspace {of}")))?;
    let sandbox = Workspace {
        id: WorkspaceId::new(tx.now(), &core.random),
        // An underscore is in no slug that people choose.
        slug: format!("{}_test", owner.slug),
        name: format!("{} (sandbox)", owner.name),
        timezone: owner.timezone,
        api_keys_enabled: true,
        created_at: tx.now(),
        sandbox_of: Some(of),
    };
    store::insert(tx.db(), &sandbox).await?;
    let target = Target::new(TargetKind::Workspace, sandbox.id, &sandbox.name);
    let details = json!({ "slug": sandbox.slug, "timezone": sandbox.timezone, "sandboxOf": of });
    tx.open_log_of(sandbox.id, Action::WorkspaceCreated, target, details).await?;
    Ok(sandbox)
}
