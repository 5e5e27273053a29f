//! Queries on policies.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, PrimaryKeyToColumn};

use super::model::{KeyPolicy, OnLeak};
use super::tables::{Column, Entity, Model, PrimaryKey};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source, find_row};

/// Returns the policy of a workspace, or the default.
pub async fn policy_of(db: &impl Source, workspace: WorkspaceId) -> DbResult<KeyPolicy> {
    Ok(find_row(db, Entity::find_by_id(workspace)).await?.as_ref().map(policy).unwrap_or_default())
}

pub(super) async fn set(db: &impl ConnectionTrait, workspace: WorkspaceId, policy: &KeyPolicy) -> DbResult<()> {
    let columns = Column::iter().filter(|column| !matches!(column, Column::WorkspaceId));
    let again = OnConflict::column(PrimaryKey::WorkspaceId.into_column()).update_columns(columns).to_owned();
    let row = row_of(workspace, policy).into_active_model();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

fn policy(row: &Model) -> KeyPolicy {
    KeyPolicy {
        max_lifetime_days: row.max_lifetime_days.map(i32::unsigned_abs),
        allow_no_expiration: row.allow_no_expiration,
        require_ip_allowlist_for_write: row.require_ip_allowlist_for_write,
        rotate_after_days: row.rotate_after_days.unsigned_abs(),
        // In place of one that this version does not know: it ends the access of the leaked key, and can be undone.
        on_leak: row.on_leak.parse().unwrap_or(OnLeak::Pause),
    }
}

fn row_of(workspace: WorkspaceId, policy: &KeyPolicy) -> Model {
    let stored = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Model {
        workspace_id: workspace,
        max_lifetime_days: policy.max_lifetime_days.map(stored),
        allow_no_expiration: policy.allow_no_expiration,
        require_ip_allowlist_for_write: policy.require_ip_allowlist_for_write,
        rotate_after_days: stored(policy.rotate_after_days),
        on_leak: policy.on_leak.as_str().to_owned(),
    }
}
