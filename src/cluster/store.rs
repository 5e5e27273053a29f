//! Every query on nodes and revisions.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::tables::{node, revision};
use crate::kit::clock::Time;
use crate::kit::db::{Db, DbResult};

const ONLY_ROW: i16 = 1;

/// The next revision. The row stays locked until the transaction ends, so that revisions commit in order.
pub async fn next_revision(tx: &impl ConnectionTrait) -> DbResult<i64> {
    let up = revision::Entity::update_many()
        .col_expr(revision::Column::Value, Expr::col(revision::Column::Value).add(1))
        .filter(revision::Column::Id.eq(ONLY_ROW));
    up.exec(tx).await?;
    current_revision(tx).await
}

/// The last revision that was given.
pub(super) async fn current_revision(db: &impl ConnectionTrait) -> DbResult<i64> {
    let row = revision::Entity::find_by_id(ONLY_ROW).one(db).await?;
    row.map(|row| row.value).ok_or_else(|| DbErr::RecordNotFound("the revision counter".to_owned()))
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    started_at: Time,
    lease_until: Time,
    address: String,
) -> DbResult<()> {
    let row = node::Model { id, started_at, applied_revision: 0, lease_until, address };
    node::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Renews a lease; false if the node's row is gone.
pub(super) async fn renew(db: &impl ConnectionTrait, id: Uuid, applied: i64, lease_until: Time) -> DbResult<bool> {
    let update = node::Entity::update_many()
        .col_expr(node::Column::AppliedRevision, Expr::value(applied))
        .col_expr(node::Column::LeaseUntil, Expr::value(lease_until))
        .filter(node::Column::Id.eq(id));
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// How many other nodes have not said that they applied `revision`.
pub(super) async fn count_behind(db: &impl ConnectionTrait, except: Uuid, revision: i64) -> DbResult<u64> {
    node::Entity::find().filter(behind(except, revision)).count(db).await
}

/// Forgets the other nodes that have not said so.
pub(super) async fn delete_behind(db: &Db, except: Uuid, revision: i64) -> DbResult<()> {
    let tx = db.begin().await?;
    node::Entity::delete_many().filter(behind(except, revision)).exec(&tx).await?;
    tx.commit().await
}

fn behind(except: Uuid, revision: i64) -> Condition {
    Condition::all().add(node::Column::Id.ne(except)).add(node::Column::AppliedRevision.lt(revision))
}

/// The other nodes, and until when their leases last by their clocks: it changes whenever a lease is renewed.
pub(super) async fn leases(db: &impl ConnectionTrait, except: Uuid) -> DbResult<Vec<(Uuid, Time)>> {
    let others = node::Entity::find().filter(node::Column::Id.ne(except));
    others.select_only().columns([node::Column::Id, node::Column::LeaseUntil]).into_tuple().all(db).await
}

pub(super) async fn delete(db: &impl ConnectionTrait, id: Uuid) -> DbResult<()> {
    node::Entity::delete_by_id(id).exec(db).await.map(|_| ())
}

/// Forgets a node, unless it has renewed its lease; true if it has not.
pub(super) async fn delete_silent(db: &Db, id: Uuid, lease: Time) -> DbResult<bool> {
    let tx = db.begin().await?;
    let same = node::Entity::delete_many().filter(node::Column::Id.eq(id)).filter(node::Column::LeaseUntil.eq(lease));
    let deleted = same.exec(&tx).await?.rows_affected;
    tx.commit().await?;
    Ok(deleted == 1)
}
