//! Queries on security settings.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, PrimaryKeyToColumn};

use super::model::{Requirement, SecurityPolicy, SecuritySettings};
use super::tables::{Column, Entity, Model, PrimaryKey};
use crate::auth::password::MIN_LENGTH_WITH_FACTOR;
use crate::members::Member;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, find_rows};

/// Returns the policy of a workspace, or the default.
pub async fn policy_of(db: &impl Source, workspace: WorkspaceId) -> DbResult<SecurityPolicy> {
    Ok(policy(find_row(db, Entity::find_by_id(workspace)).await?))
}

/// Returns the shortest new password of a member, in characters.
pub async fn min_password_length(db: &impl Source, member: &Member) -> DbResult<usize> {
    if member.second_factor_at.is_some() {
        return Ok(MIN_LENGTH_WITH_FACTOR);
    }
    Ok(policy_of(db, member.workspace).await?.settings.min_password_length())
}

/// Returns the policies of the workspaces that have settings.
pub async fn all(db: &impl Source) -> DbResult<Vec<(WorkspaceId, SecurityPolicy)>> {
    let rows = find_rows(db, Entity::find()).await?;
    Ok(rows.into_iter().map(|row| (row.workspace_id, policy(Some(row)))).collect())
}

pub(super) async fn set(db: &impl ConnectionTrait, workspace: WorkspaceId, policy: &SecurityPolicy) -> DbResult<()> {
    let columns = Column::iter().filter(|column| !matches!(column, Column::WorkspaceId));
    let again = OnConflict::column(PrimaryKey::WorkspaceId.into_column()).update_columns(columns).to_owned();
    let row = row_of(workspace, policy).into_active_model();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

/// Returns the policy of a row, or the default.
pub fn policy(row: Option<Model>) -> SecurityPolicy {
    let Some(row) = row else { return SecurityPolicy::default() };
    let requirement = |since: Option<Time>, grace_ends_at: Option<Time>| {
        since.zip(grace_ends_at).map(|(since, grace_ends_at)| Requirement { since, grace_ends_at })
    };
    SecurityPolicy {
        settings: SecuritySettings {
            two_factor_policy: row.policy(),
            grace_days: row.grace_days.unsigned_abs(),
            passkeys_allowed: row.passkeys_allowed,
            idle_minutes: row.idle_minutes.unsigned_abs(),
            absolute_minutes: row.absolute_minutes.unsigned_abs(),
            minimum_password_length: row.minimum_password_length.unsigned_abs(),
        },
        admins: requirement(row.admins_required_since, row.admins_grace_ends_at),
        others: requirement(row.others_required_since, row.others_grace_ends_at),
    }
}

fn row_of(workspace: WorkspaceId, policy: &SecurityPolicy) -> Model {
    let SecurityPolicy { settings, admins, others } = policy;
    let stored = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let since = |requirement: &Option<Requirement>| requirement.map(|requirement| requirement.since);
    let grace_ends_at = |requirement: &Option<Requirement>| requirement.map(|requirement| requirement.grace_ends_at);
    Model {
        workspace_id: workspace,
        two_factor_policy: settings.two_factor_policy.as_str().to_owned(),
        grace_days: stored(settings.grace_days),
        passkeys_allowed: settings.passkeys_allowed,
        idle_minutes: stored(settings.idle_minutes),
        absolute_minutes: stored(settings.absolute_minutes),
        minimum_password_length: stored(settings.minimum_password_length),
        admins_required_since: since(admins),
        admins_grace_ends_at: grace_ends_at(admins),
        others_required_since: since(others),
        others_grace_ends_at: grace_ends_at(others),
    }
}
