//! Figures of endpoints that are counted from their deliveries and secrets.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::webhooks::model::{DeliveryStatus, EndpointId};
use crate::webhooks::tables::{delivery, former_secret};
use kit::clock::Time;
use kit::db::DbResult;

/// The period in which deliveries are counted for the success rate.
const RATE_PERIOD: Duration = Duration::from_hours(24);

/// Figures of one endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Deliveries with an attempt to come.
    pub pending: u64,
    /// Deliveries of the last 24 hours that succeeded and that failed.
    pub delivered: u64,
    pub failed: u64,
    /// The time until which a former secret signs.
    pub former_secret_until: Option<Time>,
}

/// Counts the figures of endpoints.
pub async fn figures(db: &impl ConnectionTrait, ids: &[EndpointId], now: Time) -> DbResult<HashMap<EndpointId, Figures>> {
    use delivery::Column;
    let mut found: HashMap<EndpointId, Figures> = ids.iter().map(|id| (*id, Figures::default())).collect();
    let of = || delivery::Entity::find().select_only().column(Column::EndpointId).filter(Column::EndpointId.is_in(ids.to_vec()));
    let pending = of().column_as(Column::Id.count(), "rows").filter(Column::DueAt.is_not_null()).group_by(Column::EndpointId);
    for (id, rows) in pending.into_tuple::<(EndpointId, i64)>().all(db).await? {
        found.entry(id).or_default().pending = rows.unsigned_abs();
    }
    let ended = of().column(Column::Status).column_as(Column::Id.count(), "rows");
    let ended =
        ended.filter(Column::CreatedAt.gte(now.before(RATE_PERIOD))).group_by(Column::EndpointId).group_by(Column::Status);
    for (id, status, rows) in ended.into_tuple::<(EndpointId, DeliveryStatus, i64)>().all(db).await? {
        let figures = found.entry(id).or_default();
        match status {
            DeliveryStatus::Delivered => figures.delivered = rows.unsigned_abs(),
            DeliveryStatus::Failed => figures.failed = rows.unsigned_abs(),
            DeliveryStatus::Pending | DeliveryStatus::Canceled => {}
        }
    }
    let former = former_secret::Entity::find().filter(former_secret::Column::EndpointId.is_in(ids.to_vec()));
    for row in former.filter(former_secret::Column::ExpiresAt.gt(now)).all(db).await? {
        let until = &mut found.entry(row.endpoint_id).or_default().former_secret_until;
        *until = (*until).max(Some(row.expires_at));
    }
    Ok(found)
}
