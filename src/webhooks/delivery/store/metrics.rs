//! The figures of the metrics, over all workspaces.

use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::delivers;
use crate::webhooks::model::FAILING_AFTER;
use crate::webhooks::tables::endpoint;
use kit::clock::Time;
use kit::db::{DbResult, Pool, count_rows};

/// Deliveries of one endpoint that are counted at most: more is a backlog, whatever its length.
pub(in crate::webhooks::delivery) const COUNTED_DUE: u64 = 1_000;

/// The figures of the metrics, over all workspaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeliveryMetrics {
    /// Endpoints by state, in the order of [`EndpointStatus::ALL`](crate::webhooks::EndpointStatus::ALL).
    pub endpoints: [u64; 4],
    /// Deliveries whose next attempt is due, at most 1,000 of each endpoint.
    pub due: u64,
    /// The age of the one that has been due longest, in seconds.
    pub oldest_due_seconds: u64,
}

/// Counts endpoints by state and deliveries that are due. Those of an endpoint that is off wait for a person, and are not counted.
pub(in crate::webhooks::delivery) async fn measure(db: &Pool, now: Time) -> DbResult<DeliveryMetrics> {
    let on = || endpoint::Entity::find().filter(delivers());
    let failing = count_rows(db, on().filter(endpoint::Column::FailedAttempts.gte(FAILING_AFTER))).await?;
    let active = count_rows(db, on()).await?.saturating_sub(failing);
    let kept = || endpoint::Entity::find().filter(endpoint::Column::DeletedAt.is_null());
    let disabled = count_rows(db, kept().filter(endpoint::Column::DisabledAt.is_not_null())).await?;
    let off = kept().filter(endpoint::Column::IsActive.eq(false)).filter(endpoint::Column::DisabledAt.is_null());
    let inactive = count_rows(db, off).await?;
    let endpoints = [active, inactive, failing, disabled];
    let Some(row) = db.query_one(&of_endpoints(now)).await? else { return Ok(DeliveryMetrics::default()) };
    let due: Option<i64> = row.try_get("", "due")?;
    let oldest: Option<Time> = row.try_get("", "oldest")?;
    let oldest_due_seconds = oldest.map_or(0, |at| now.since(at).as_secs());
    Ok(DeliveryMetrics { endpoints, due: due.unwrap_or_default().unsigned_abs(), oldest_due_seconds })
}

/// Reads the number of due deliveries and the oldest from the index of each endpoint, to a bound.
fn of_endpoints(now: Time) -> SelectStatement {
    let due = |select: Expr| {
        Query::select()
            .expr(select)
            .from("webhook_deliveries")
            .and_where(Expr::col(("webhook_deliveries", "endpoint_id")).equals(("webhook_endpoints", "id")))
            .and_where(Expr::col(("webhook_deliveries", "due_at")).lte(now))
            .take()
    };
    let some = due(Expr::val(1)).limit(COUNTED_DUE).take();
    let count = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(some, "some").take();
    let oldest = due(Func::min(Expr::col(("webhook_deliveries", "due_at"))).into());
    let each = Query::select()
        .expr_as(Expr::SubQuery(None, Box::new(count.into())), "due")
        .expr_as(Expr::SubQuery(None, Box::new(oldest.into())), "oldest")
        .from("webhook_endpoints")
        .cond_where(delivers())
        .take();
    Query::select()
        .expr_as(Expr::cust("CAST(SUM(due) AS BIGINT)"), "due")
        .expr_as(Func::min(Expr::col("oldest")), "oldest")
        .from_subquery(each, "each_endpoint")
        .take()
}
