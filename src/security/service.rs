//! Changing the security settings.

use serde_json::json;

use super::error::Error;
use super::model::SecuritySettings;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, Target, TargetKind, differences};
use crate::core::Core;
use crate::members::{self, MemberId, Role};
use crate::sessions;
use crate::workspaces::{self, WorkspaceId};
use kit::db::Source;

/// Replaces the security settings of a workspace, on behalf of the administrator `by`. Every node judges sessions and members by
/// them from its next request on. Writes and records nothing if nothing differs.
pub async fn update(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    by: MemberId,
    settings: SecuritySettings,
) -> Result<SecuritySettings, Error> {
    // The settings before are read under the lock of the chain: of two administrators, the event of the second names as `from`
    // what the first has saved.
    let mut tx = AuditedTx::begin_essential(core, workspace, context).await?;
    let before = store::policy_of(tx.db(), workspace).await?;
    require_factors(tx.db(), workspace, by, &settings).await?;
    let Some(changes) = differences(&json!(before.settings), &json!(settings)) else { return Ok(settings) };
    store::set(tx.db(), workspace, &before.with(settings, tx.now())).await?;
    sessions::end_over(&tx, settings.session_limits()).await?;
    let name = workspaces::find(tx.db(), workspace).await?.map(|found| found.name).unwrap_or_default();
    tx.record(Action::SecuritySettingsUpdated, Some(Target::new(TargetKind::Workspace, workspace, &name)), changes);
    tx.commit().await?;
    Ok(settings)
}

/// Fails if a second factor would be required while the administrator, or every account owner, has none.
pub(super) async fn require_factors(
    db: &impl Source,
    workspace: WorkspaceId,
    by: MemberId,
    settings: &SecuritySettings,
) -> Result<(), Error> {
    if !settings.two_factor_policy.requires_any() {
        return Ok(());
    }
    let own = members::find(db, workspace, by).await?;
    if own.is_none_or(|own| own.second_factor_at.is_none()) {
        return Err(Error::OwnFactorNeeded);
    }
    if members::count_with_factor(db, workspace, &[Role::AccountOwner]).await? == 0 {
        return Err(Error::OwnerFactorNeeded);
    }
    Ok(())
}
