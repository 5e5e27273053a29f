//! Queries on the places where keys were found, and on remedies that are to be carried out.

use std::time::Duration;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder, QuerySelect};

use super::tables::{Column, Entity, Model, remedy};
use crate::core::Core;
use crate::keys::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, Tx, count_rows, find_row, find_rows};

/// The places of one key that are kept. A further one takes the room of the oldest for which the policy was carried out; if there
/// is none, it is not recorded.
pub const MAX_SOURCES: u64 = 50;

/// The time for which a further report of a place is not recorded.
const QUIET: Duration = Duration::from_hours(24);

/// Notes that a key was found at a place. Returns false if that was recorded within a day, or if the key has too many places for
/// which the policy has not been carried out.
pub(super) async fn note(db: &impl Source, workspace: WorkspaceId, key: KeyId, source: [u8; 32], now: Time) -> DbResult<bool> {
    let of_key = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    let known = find_row(db, of_key.clone().filter(Column::Source.eq(source.to_vec()))).await?;
    match known {
        Some(known) if known.recorded_at > now.before(QUIET) => Ok(false),
        Some(_) => {
            let update = Entity::update_many().col_expr(Column::RecordedAt, Expr::value(now));
            let of_place = update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
            of_place.filter(Column::Source.eq(source.to_vec())).exec(db).await?;
            Ok(true)
        }
        None => {
            if count_rows(db, of_key.clone()).await? >= MAX_SOURCES {
                let handled = of_key.filter(Column::HandledAt.is_not_null()).order_by_asc(Column::RecordedAt);
                let Some(oldest) = find_row(db, handled).await? else { return Ok(false) };
                oldest.delete(db).await?;
            }
            let row = Model { workspace_id: workspace, key_id: key, source: source.to_vec(), recorded_at: now, handled_at: None };
            Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
            Ok(true)
        }
    }
}

/// Returns whether the key was found at a place for which the policy has not been carried out.
pub(super) async fn has_unhandled(db: &impl Source, workspace: WorkspaceId, key: KeyId) -> DbResult<bool> {
    let of_key = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    Ok(find_row(db, of_key.filter(Column::HandledAt.is_null())).await?.is_some())
}

/// Stores a remedy that is to be carried out, in place of an earlier one of the key.
pub(super) async fn plan(db: &impl ConnectionTrait, row: remedy::Model) -> DbResult<()> {
    use remedy::Column::{KeyId, Reason, Remedy, WorkspaceId};
    let again = OnConflict::columns([WorkspaceId, KeyId]).update_columns([Remedy, Reason]).to_owned();
    remedy::Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

/// Returns remedies that are due, the longest waiting first.
pub(super) async fn due_remedies(db: &impl Source, now: Time, limit: u64) -> DbResult<Vec<remedy::Model>> {
    let due = remedy::Entity::find().filter(remedy::Column::DueAt.lte(now));
    find_rows(db, due.order_by_asc(remedy::Column::DueAt).limit(limit)).await
}

/// Stores the time of the next attempt at a remedy, if it is still to be carried out.
pub(super) async fn postpone(core: &Core, workspace: WorkspaceId, key: KeyId, due_at: Time, attempts: i16) -> DbResult<()> {
    use remedy::Column;
    let tx = core.db.begin_essential().await?;
    let update = remedy::Entity::update_many().col_expr(Column::DueAt, Expr::value(due_at));
    let update = update.col_expr(Column::Attempts, Expr::value(attempts));
    update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key)).exec(&tx).await?;
    tx.commit().await
}

/// Notes that the policy was carried out for each place so far, and that nothing is left to do.
pub(super) async fn set_handled(core: &Core, workspace: WorkspaceId, key: KeyId) -> DbResult<()> {
    let tx = core.db.begin_essential().await?;
    let update = Entity::update_many().col_expr(Column::HandledAt, Expr::value(core.clock.now()));
    let of_key = update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    of_key.filter(Column::HandledAt.is_null()).exec(&tx).await?;
    delete_planned(&tx, workspace, key).await?;
    tx.commit().await
}

/// Gives up a remedy. The places stay those for which the policy has not been carried out.
pub(super) async fn give_up(core: &Core, workspace: WorkspaceId, key: KeyId) -> DbResult<()> {
    let tx = core.db.begin_essential().await?;
    delete_planned(&tx, workspace, key).await?;
    tx.commit().await
}

async fn delete_planned(tx: &Tx, workspace: WorkspaceId, key: KeyId) -> DbResult<()> {
    let planned = remedy::Entity::delete_many().filter(remedy::Column::WorkspaceId.eq(workspace));
    planned.filter(remedy::Column::KeyId.eq(key)).exec(tx).await.map(|_| ())
}
