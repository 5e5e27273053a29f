//! The deliveries of endpoints by the hour, for charts.

use std::collections::HashMap;

use sea_orm::sea_query::{Alias, CaseStatement, Expr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::webhooks::model::{DeliveryStatus, EndpointId};
use crate::webhooks::tables::delivery::{Column, Entity};
use kit::clock::Time;
use kit::db::DbResult;

/// Deliveries that succeeded and that failed, by hour.
pub type HourCounts = [[u64; 2]; 24];

/// Counts the deliveries of endpoints that ended, by the hour in which they were made. `starts` are the starts of the hours, in order.
pub async fn count_by_hour(
    db: &impl ConnectionTrait,
    ids: &[EndpointId],
    starts: &[Time; 24],
) -> DbResult<HashMap<EndpointId, HourCounts>> {
    let cases = (0i32..).zip(&starts[1..]);
    let hour: Expr =
        cases.fold(CaseStatement::new(), |case, (hour, end)| case.case(Column::CreatedAt.lt(*end), hour)).finally(23).into();
    let rows = Entity::find()
        .select_only()
        .columns([Column::EndpointId, Column::Status])
        .column_as(hour, "hour")
        .column_as(Column::Id.count(), "rows")
        .filter(Column::EndpointId.is_in(ids.to_vec()))
        .filter(Column::CreatedAt.gte(starts[0]))
        .group_by(Column::EndpointId)
        .group_by(Column::Status)
        .group_by(Expr::col(Alias::new("hour")));
    let mut found: HashMap<EndpointId, HourCounts> = HashMap::new();
    for (id, status, hour, rows) in rows.into_tuple::<(EndpointId, DeliveryStatus, i32, i64)>().all(db).await? {
        let part = match status {
            DeliveryStatus::Delivered => 0,
            DeliveryStatus::Failed => 1,
            DeliveryStatus::Pending | DeliveryStatus::Canceled => continue,
        };
        let counts = found.entry(id).or_insert([[0; 2]; 24]);
        if let Some(counted) = usize::try_from(hour).ok().and_then(|hour| counts.get_mut(hour)) {
            counted[part] += rows.unsigned_abs();
        }
    }
    Ok(found)
}
