//! The change of a policy, and the check of a key in the transaction that writes it.

use serde_json::json;

use super::model::KeyPolicy;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, Target, TargetKind, differences};
use crate::core::Core;
use crate::keys::error::Error;
use crate::keys::model::Key;
use crate::workspaces::{self, WorkspaceId};

/// Replaces the policy of a workspace. It holds for every key that is created, rotated or changed from now on. Writes and records
/// nothing if nothing differs.
pub async fn update(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    policy: KeyPolicy,
) -> Result<KeyPolicy, BeginError> {
    let mut tx = AuditedTx::begin(core, workspace, context).await?;
    let before = store::policy_of(tx.db(), workspace).await?;
    let Some(changes) = differences(&json!(before), &json!(policy)) else { return Ok(policy) };
    store::set(tx.db(), workspace, &policy).await?;
    let name = workspaces::find(tx.db(), workspace).await?.map(|found| found.name).unwrap_or_default();
    tx.record(Action::KeyPolicyUpdated, Some(Target::new(TargetKind::Workspace, workspace, &name)), changes);
    tx.commit().await?;
    Ok(policy)
}

/// Fails if the policy of the workspace refuses a new key, with all that it refuses.
pub(in crate::keys) async fn require(tx: &AuditedTx, key: &Key) -> Result<(), Error> {
    let policy = store::policy_of(tx.db(), tx.workspace()).await?;
    let mut breaches = Vec::new();
    if policy.limits_expiry() {
        let today = workspaces::day_of(tx.db(), tx.workspace(), key.created_at).await?;
        // The day of the expiry in the same zone.
        let expiry = match key.expires_at {
            Some(time) => Some(workspaces::day_of(tx.db(), tx.workspace(), time).await?),
            None => None,
        };
        breaches.extend(policy.breach_of_expiry(expiry, today));
    }
    breaches.extend(policy.breach_of_allowlist(key.scopes, &key.allowlist));
    if breaches.is_empty() { Ok(()) } else { Err(Error::Policy(breaches)) }
}

/// Fails if a change takes from a key the allow-list that the policy demands. A key that had none before may be changed.
pub(in crate::keys) async fn require_allowlist_kept(tx: &AuditedTx, old: &Key, new: &Key) -> Result<(), Error> {
    if old.allowlist == new.allowlist {
        return Ok(());
    }
    let policy = store::policy_of(tx.db(), tx.workspace()).await?;
    match policy.breach_of_allowlist(new.scopes, &new.allowlist) {
        Some(breach) if policy.breach_of_allowlist(old.scopes, &old.allowlist).is_none() => Err(Error::Policy(vec![breach])),
        Some(_) | None => Ok(()),
    }
}
