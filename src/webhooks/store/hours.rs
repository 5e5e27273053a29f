//! The deliveries of endpoints by the hour, for charts.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait};

use super::figures::{count, some_of_endpoint};
use crate::webhooks::model::{DeliveryStatus, EndpointId};
use crate::webhooks::tables::{delivery, endpoint};
use kit::clock::Time;
use kit::db::{DbResult, Pool, padded};

/// Deliveries that succeeded and that failed, by hour.
pub type HourCounts = [[u64; 2]; 24];

/// Deliveries of an endpoint in one hour that are counted at most.
pub const MAX_OF_HOUR: u64 = 1_000;

/// Counts the deliveries of endpoints that ended, by the hour in which they were made, of each hour
/// the last [`MAX_OF_HOUR`] at most.
/// `starts` are the starts of the hours, in order.
pub async fn count_by_hour(db: &Pool, ids: &[EndpointId], starts: &[Time; 24]) -> DbResult<HashMap<EndpointId, HourCounts>> {
    let mut counts = Query::select();
    counts.column(("webhook_endpoints", "id"));
    for (hour, start) in starts.iter().enumerate() {
        let of_hour = || {
            let mut some = some_of_endpoint();
            some.and_where(Expr::col(delivery::Column::CreatedAt).gte(*start));
            // The last ones: an outage is shown although much succeeded before.
            some.order_by(delivery::Column::CreatedAt, Order::Desc).limit(MAX_OF_HOUR);
            if let Some(end) = starts.get(hour + 1) {
                some.and_where(Expr::col(delivery::Column::CreatedAt).lt(*end));
            }
            some
        };
        counts.expr(count(of_hour(), Some(DeliveryStatus::Delivered))).expr(count(of_hour(), Some(DeliveryStatus::Failed)));
    }
    counts.from("webhook_endpoints").and_where(endpoint::Column::Id.is_in(padded(ids.to_vec())));
    let mut found = HashMap::new();
    for row in db.query_all(&counts).await? {
        let mut hours: HourCounts = [[0; 2]; 24];
        for (hour, [delivered, failed]) in hours.iter_mut().enumerate() {
            let number = |place| row.try_get_by_index::<i64>(place).map(i64::unsigned_abs);
            (*delivered, *failed) = (number(2 * hour + 1)?, number(2 * hour + 2)?);
        }
        found.insert(row.try_get_by_index(0)?, hours);
    }
    Ok(found)
}
