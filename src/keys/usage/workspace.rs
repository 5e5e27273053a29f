//! Usage of all keys of a workspace together, read by the index on workspace and hour.

use sea_orm::sea_query::{ExprTrait, Order};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::report::{Report, Sum};
use crate::keys::model::KeyId;
use crate::keys::tables::usage::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuples};

/// The largest number of rows that are added up. Each has the requests of one key in one hour that needed one scope.
const MOST: u64 = 50_000;

fn since(workspace: WorkspaceId, from: Time) -> Select<Entity> {
    Entity::find().select_only().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Hour.gte(from))
}

/// Returns `from`, or the first later hour from which there are few enough rows to add up.
pub(in crate::keys) async fn reach(db: &impl Source, workspace: WorkspaceId, from: Time) -> DbResult<Time> {
    let rows = since(workspace, from).column(Column::Hour).order_by_desc(Column::Hour);
    let hour = find_tuples::<_, (Time,)>(db, rows.offset(MOST).limit(1)).await?.pop();
    // That hour is not complete.
    Ok(hour.map_or(from, |(hour,)| hour.after(super::report::BucketSize::Hour.length())))
}

/// Returns the usage of all keys by the hour, without scopes.
pub(in crate::keys) async fn report_of_all(db: &impl Source, workspace: WorkspaceId, from: Time) -> DbResult<Report> {
    let [allowed, denied] = [Column::Allowed, Column::Denied].map(|column| column.into_expr().sum().cast_as("bigint"));
    let hours = since(workspace, from).column(Column::Hour).expr_as(allowed, "allowed").expr_as(denied, "denied");
    let hours: Vec<(Time, i64, i64)> = find_tuples(db, hours.group_by(Column::Hour)).await?;
    let buckets = hours.into_iter().map(|(hour, allowed, denied)| (hour, Sum { allowed, denied })).collect();
    Ok(Report { buckets, ..Report::default() })
}

/// Lists the keys with the most requests, and these.
pub(in crate::keys) async fn busiest(
    db: &impl Source,
    workspace: WorkspaceId,
    from: Time,
    limit: u64,
) -> DbResult<Vec<(KeyId, Sum)>> {
    let sum = |column: Column| column.into_expr().sum().cast_as("bigint");
    let keys = since(workspace, from).column(Column::KeyId);
    let keys = keys.expr_as(sum(Column::Allowed), "allowed").expr_as(sum(Column::Denied), "denied").group_by(Column::KeyId);
    let all = sum(Column::Allowed).add(sum(Column::Denied));
    let keys = keys.order_by(all, Order::Desc).order_by(Column::KeyId, Order::Asc).limit(limit);
    let keys: Vec<(KeyId, i64, i64)> = find_tuples(db, keys).await?;
    Ok(keys.into_iter().map(|(key, allowed, denied)| (key, Sum { allowed, denied })).collect())
}
