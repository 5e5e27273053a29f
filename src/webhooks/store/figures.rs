//! Figures of endpoints that are counted from their deliveries and secrets, to a bound.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::webhooks::model::{DeliveryStatus, EndpointId};
use crate::webhooks::tables::{delivery, endpoint, former_secret};
use kit::clock::Time;
use kit::db::{DbResult, Pool, find_rows, padded};

/// The period in which deliveries are counted for the success rate.
const RATE_PERIOD: Duration = Duration::from_hours(24);

/// Pending deliveries of an endpoint that are counted at most.
pub const MAX_PENDING: u64 = 10_000;

/// The last deliveries of an endpoint among which those that ended make its success rate.
const MAX_RATED: u64 = 5_000;

/// Figures of one endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Deliveries with an attempt to come, at most [`MAX_PENDING`].
    pub pending: u64,
    /// Deliveries of the last 24 hours that succeeded and that failed, among the last 5,000.
    pub delivered: u64,
    pub failed: u64,
    /// The time until which a former secret signs.
    pub former_secret_until: Option<Time>,
}

/// Counts the figures of endpoints.
pub async fn figures(db: &Pool, ids: &[EndpointId], now: Time) -> DbResult<HashMap<EndpointId, Figures>> {
    let mut found: HashMap<EndpointId, Figures> = ids.iter().map(|id| (*id, Figures::default())).collect();
    let pending = some_of_endpoint().and_where(Expr::col(delivery::Column::DueAt).is_not_null()).limit(MAX_PENDING).take();
    let rated = || {
        let since = Expr::col(delivery::Column::CreatedAt).gte(now.before(RATE_PERIOD));
        some_of_endpoint().and_where(since).order_by(delivery::Column::CreatedAt, Order::Desc).limit(MAX_RATED).take()
    };
    let counts = Query::select()
        .column(("webhook_endpoints", "id"))
        .expr(count(pending, None))
        .expr(count(rated(), Some(DeliveryStatus::Delivered)))
        .expr(count(rated(), Some(DeliveryStatus::Failed)))
        .from("webhook_endpoints")
        .and_where(endpoint::Column::Id.is_in(padded(ids.to_vec())))
        .take();
    for row in db.query_all(&counts).await? {
        let number = |place| row.try_get_by_index::<i64>(place).map(i64::unsigned_abs);
        let figures = found.entry(row.try_get_by_index(0)?).or_default();
        (figures.pending, figures.delivered, figures.failed) = (number(1)?, number(2)?, number(3)?);
    }
    let former = former_secret::Entity::find().filter(former_secret::Column::EndpointId.is_in(padded(ids.to_vec())));
    for row in find_rows(db, former.filter(former_secret::Column::ExpiresAt.gt(now))).await? {
        let until = &mut found.entry(row.endpoint_id).or_default().former_secret_until;
        *until = Ord::max(*until, Some(row.expires_at));
    }
    Ok(found)
}

/// Selects the statuses of deliveries of the endpoint of a row of `webhook_endpoints`.
pub(super) fn some_of_endpoint() -> SelectStatement {
    let of_endpoint = Expr::col(("webhook_deliveries", "endpoint_id")).equals(("webhook_endpoints", "id"));
    Query::select().column(("webhook_deliveries", "status")).from("webhook_deliveries").and_where(of_endpoint).take()
}

/// Counts the rows of a selection, or those with a status.
pub(super) fn count(some: SelectStatement, status: Option<DeliveryStatus>) -> Expr {
    let mut count = Query::select();
    count.expr(Expr::cust("COUNT(*)")).from_subquery(some, "some_deliveries");
    if let Some(status) = status {
        count.and_where(Expr::col(("some_deliveries", "status")).eq(status.as_str()));
    }
    Expr::SubQuery(None, Box::new(count.into()))
}
