//! Queries on which members have a second factor.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::model::Member;
use super::role::Role;
use super::store::member_of;
use super::tables::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source, count_rows, find_rows};

/// Lists the first members with one of these roles who have joined and have no second factor, by name, with the number of all.
pub async fn list_without_factor(
    db: &impl Source,
    workspace: WorkspaceId,
    roles: &[Role],
    limit: u64,
) -> DbResult<(Vec<Member>, u64)> {
    let joined = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::PasswordHash.is_not_null());
    let of_roles = joined.filter(Column::Role.is_in(roles.iter().map(|role| role.as_str())));
    let without = of_roles.filter(Column::SecondFactorAt.is_null());
    let total = count_rows(db, without.clone()).await?;
    let rows = find_rows(db, without.order_by_asc(Column::Name).order_by_asc(Column::Id).limit(limit)).await?;
    Ok((rows.into_iter().map(member_of).collect(), total))
}

/// Counts the members with one of these roles who have a second factor.
pub async fn count_with_factor(db: &impl Source, workspace: WorkspaceId, roles: &[Role]) -> DbResult<u64> {
    let with_factor = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::SecondFactorAt.is_not_null());
    count_rows(db, with_factor.filter(Column::Role.is_in(roles.iter().map(|role| role.as_str())))).await
}
