//! Deletion of the rows of endpoints that were deleted.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::core::Core;
use crate::webhooks::model::{DeliveryId, EndpointId};
use crate::webhooks::tables::{delivery, endpoint};
use kit::db::{DbResult, find_tuples};

/// The time after which rows are deleted: requests that were in flight have ended.
const PURGED_AFTER: Duration = Duration::from_mins(1);

/// Deliveries that one transaction deletes.
const DELETED_AT_ONCE: u64 = 500;

/// Deletes the rows of endpoints that were deleted a while ago, in small transactions.
pub async fn purge_deleted(core: &Core) -> DbResult<()> {
    let before = core.clock.now().before(PURGED_AFTER);
    let deleted = endpoint::Entity::find().select_only().column(endpoint::Column::Id);
    let deleted = deleted.filter(endpoint::Column::DeletedAt.lt(before));
    for (id,) in find_tuples::<_, (EndpointId,)>(core.db.read(), deleted).await? {
        while purge_deliveries(core, id).await? {}
        let tx = core.db.begin_essential().await?;
        endpoint::Entity::delete_by_id(id).exec(&tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Deletes some deliveries with their attempts. Returns false if there were none.
async fn purge_deliveries(core: &Core, endpoint: EndpointId) -> DbResult<bool> {
    let some = delivery::Entity::find().select_only().column(delivery::Column::Id);
    let some = some.filter(delivery::Column::EndpointId.eq(endpoint)).limit(DELETED_AT_ONCE);
    let ids: Vec<(DeliveryId,)> = find_tuples(core.db.read(), some).await?;
    if ids.is_empty() {
        return Ok(false);
    }
    let tx = core.db.begin_essential().await?;
    let ids = ids.into_iter().map(|(id,)| id);
    delivery::Entity::delete_many().filter(delivery::Column::Id.is_in(ids)).exec(&tx).await?;
    tx.commit().await?;
    Ok(true)
}
