//! Signing everyone out of a workspace, and with them, if it is wanted, all software.

use serde_json::json;

use super::error::Error;
use crate::audit::{Action, AuditContext, AuditedTx, Target, TargetKind};
use crate::auth;
use crate::keys::{self, Keys, RevokedKeys};
use crate::sessions;
use crate::workspaces::{self, WorkspaceId};
use kit::clock::Time;

/// The reason that the events of the revoked keys have.
const REASON: &str = "Everyone was signed out, and all API keys were revoked";

/// The sessions and keys that a call has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EveryoneSignedOut {
    pub sessions_ended: u64,
    pub keys_revoked: u64,
    /// The time from which every node refuses the sessions and the keys.
    pub refused_everywhere_at: Time,
}

/// Ends all sessions of a workspace, the sign-ins that wait for a second step, and the links that reset passwords; with
/// `revoke_keys` also revokes all active keys. Every node refuses all of them when this function returns.
///
/// All of it is one transaction. Sessions are read from the database at every request, so that no node accepts them once it is committed;
/// keys are confirmed by every node like a single revocation. A sign-in or a new key waits for the lock of the audit log: it is
/// either ended here, or comes after.
pub async fn sign_out_everyone(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    revoke_keys: bool,
) -> Result<EveryoneSignedOut, Error> {
    let mut tx = AuditedTx::begin_essential(keys, workspace, context).await?;
    let sessions_ended = sessions::end_everyone(&tx).await?;
    auth::end_open_attempts(&tx).await?;
    let revoked = if revoke_keys { keys::revoke_all(keys, &mut tx, REASON).await? } else { RevokedKeys::none(keys) };
    let keys_revoked = revoked.len() as u64;
    let name = workspaces::find(tx.db(), workspace).await?.map(|found| found.name).unwrap_or_default();
    let details = json!({ "endedSessions": sessions_ended, "revokedApiKeys": keys_revoked });
    tx.record(Action::EveryoneSignedOut, Some(Target::new(TargetKind::Workspace, workspace, &name)), details);
    tx.commit().await?;
    let refused_everywhere_at = keys::confirm_all(keys, &revoked).await?;
    Ok(EveryoneSignedOut { sessions_ended, keys_revoked, refused_everywhere_at })
}
