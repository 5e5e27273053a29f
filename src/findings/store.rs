//! Queries on dismissals, and on the weeks of digests. A dismissal that has ended is as good as none.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select};

use super::model::FindingId;
use super::tables::{Column, Entity, Model, digest};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::db::{Db, DbResult, Source, count_rows, find_row, find_rows, find_tuples, insert_packed};

/// Dismissals of a workspace at a time: they are read with every list of findings.
pub(super) const MAX_DISMISSALS: u64 = 200;

fn present(workspace: WorkspaceId, now: Time) -> Select<Entity> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::EndsAt.gt(now))
}

/// Returns the findings that are dismissed, with the times of their dismissals.
pub(super) async fn dismissed(db: &impl Source, workspace: WorkspaceId, now: Time) -> DbResult<HashMap<FindingId, Time>> {
    let columns = [Column::FindingId, Column::DismissedAt];
    let dismissals = present(workspace, now).select_only().columns(columns).limit(MAX_DISMISSALS);
    Ok(find_tuples::<_, (FindingId, Time)>(db, dismissals).await?.into_iter().collect())
}

/// Lists dismissals, the latest first.
pub(super) async fn list(db: &impl Source, workspace: WorkspaceId, now: Time, limit: u64) -> DbResult<Vec<Model>> {
    let latest = present(workspace, now).order_by_desc(Column::DismissedAt).order_by_desc(Column::FindingId);
    find_rows(db, latest.limit(limit)).await
}

pub(super) async fn find(db: &impl Source, workspace: WorkspaceId, id: FindingId, now: Time) -> DbResult<Option<Model>> {
    find_row(db, present(workspace, now).filter(Column::FindingId.eq(id))).await
}

pub(super) async fn count(db: &impl Source, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    count_rows(db, present(workspace, now)).await
}

/// Writes a dismissal in place of an earlier one of the same finding.
pub(super) async fn put(db: &impl ConnectionTrait, row: Model) -> DbResult<()> {
    let again = OnConflict::columns([Column::WorkspaceId, Column::FindingId])
        .update_columns([
            Column::Code,
            Column::Message,
            Column::Reason,
            Column::TargetType,
            Column::TargetId,
            Column::TargetName,
            Column::DismissedById,
            Column::DismissedByName,
            Column::DismissedAt,
            Column::EndsAt,
        ])
        .to_owned();
    insert_packed::<Entity>(db, &[row], Some(again)).await
}

pub(super) async fn delete(db: &impl ConnectionTrait, workspace: WorkspaceId, id: FindingId) -> DbResult<()> {
    let of_finding = Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).filter(Column::FindingId.eq(id));
    of_finding.exec(db).await.map(|_| ())
}

/// Deletes dismissals that have ended.
pub async fn forget_ended(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin().await?;
    Entity::delete_many().filter(Column::EndsAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}

/// Returns the weeks of the last digests of workspaces; none of a workspace that has had no digest.
pub(super) async fn last_digests(
    db: &impl Source,
    workspaces: impl Iterator<Item = WorkspaceId>,
) -> DbResult<Vec<(WorkspaceId, Day)>> {
    let columns = [digest::Column::WorkspaceId, digest::Column::Week];
    let digests = digest::Entity::find().select_only().columns(columns);
    find_tuples(db, digests.filter(digest::Column::WorkspaceId.is_in(workspaces))).await
}

/// Returns the week of the last digest of a workspace.
pub(super) async fn last_digest(db: &impl Source, workspace: WorkspaceId) -> DbResult<Option<Day>> {
    Ok(find_row(db, digest::Entity::find_by_id(workspace)).await?.map(|digest| digest.week))
}

/// Stores that the digest of this week was sent, or left out.
pub(super) async fn set_digest(db: &impl ConnectionTrait, workspace: WorkspaceId, week: Day) -> DbResult<()> {
    let row = digest::Model { workspace_id: workspace, week };
    let again = OnConflict::column(digest::Column::WorkspaceId).update_column(digest::Column::Week).to_owned();
    digest::Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}
