//! Deleting old deliveries and payloads, and disabling endpoints that fail for days.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::disable::disable_failing;
use crate::audit;
use crate::core::Core;
use crate::webhooks::model::DeliveryId;
use crate::webhooks::tables::{delivery, former_secret};
use kit::clock::Time;
use kit::db::DbResult;

/// Deliveries that one transaction deletes, with their attempts.
const AT_ONCE: u64 = 200;

/// Disables endpoints that have failed for too long, and deletes what is older than the time of retention.
pub async fn tidy(core: &Core) -> DbResult<()> {
    disable_failing(core).await?;
    let before = core.clock.now().before(core.config.webhooks.retention);
    delete_deliveries(core, before).await?;
    audit::forget_old_payloads(core, before).await?;
    delete_former_secrets(core).await
}

async fn delete_former_secrets(core: &Core) -> DbResult<()> {
    let is_over = former_secret::Column::ExpiresAt.lte(core.clock.now());
    if former_secret::Entity::find().filter(is_over.clone()).one(core.db.read()).await?.is_none() {
        return Ok(());
    }
    let tx = core.db.begin_essential().await?;
    former_secret::Entity::delete_many().filter(is_over).exec(&tx).await?;
    tx.commit().await
}

async fn delete_deliveries(core: &Core, before: Time) -> DbResult<()> {
    loop {
        let old =
            delivery::Entity::find().select_only().column(delivery::Column::Id).filter(delivery::Column::CreatedAt.lt(before));
        let ids: Vec<DeliveryId> = old.limit(AT_ONCE).into_tuple().all(core.db.read()).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let tx = core.db.begin_essential().await?;
        delivery::Entity::delete_many().filter(delivery::Column::Id.is_in(ids)).exec(&tx).await?;
        tx.commit().await?;
    }
}
