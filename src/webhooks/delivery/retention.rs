//! Deleting old deliveries and payloads, and disabling endpoints that fail for days.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::disable::disable_failing;
use crate::audit;
use crate::core::Core;
use crate::webhooks::model::{DeliveryId, DeliveryStatus};
use crate::webhooks::tables::{delivery, former_secret};
use kit::clock::Time;
use kit::db::{DbResult, find_row, find_tuples};

/// The time after which a test has ended.
const TEST: Duration = Duration::from_mins(1);

/// Deliveries that one transaction deletes, with their attempts.
const AT_ONCE: u64 = 200;

/// Disables endpoints that have failed for too long, and deletes what is older than the time of retention.
pub async fn tidy(core: &Core) -> DbResult<()> {
    disable_failing(core).await?;
    let (now, retention) = (core.clock.now(), core.config.webhooks.retention);
    let longest = now.before(core.config.webhooks.kept());
    delete_deliveries(core, now.before(retention), longest).await?;
    audit::forget_old_payloads(core, longest).await?;
    end_lost_tests(core).await?;
    delete_former_secrets(core).await
}

async fn delete_former_secrets(core: &Core) -> DbResult<()> {
    let is_over = former_secret::Column::ExpiresAt.lte(core.clock.now());
    if find_row(core.db.read(), former_secret::Entity::find().filter(is_over.clone())).await?.is_none() {
        return Ok(());
    }
    let tx = core.db.begin_essential().await?;
    former_secret::Entity::delete_many().filter(is_over).exec(&tx).await?;
    tx.commit().await
}

/// Ends tests whose process ended before it could.
async fn end_lost_tests(core: &Core) -> DbResult<()> {
    let lost = Condition::all()
        .add(delivery::Column::Sequence.is_null())
        .add(delivery::Column::DueAt.is_null())
        .add(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .add(delivery::Column::CreatedAt.lt(core.clock.now().before(TEST)));
    if find_row(core.db.read(), delivery::Entity::find().filter(lost.clone())).await?.is_none() {
        return Ok(());
    }
    let tx = core.db.begin_essential().await?;
    let ended = delivery::Entity::update_many().col_expr(delivery::Column::Status, Expr::value(DeliveryStatus::Failed.as_str()));
    ended.col_expr(delivery::Column::EndedAt, Expr::value(core.clock.now())).filter(lost).exec(&tx).await?;
    tx.commit().await
}

async fn delete_deliveries(core: &Core, before: Time, longest: Time) -> DbResult<()> {
    loop {
        let old =
            delivery::Entity::find().select_only().column(delivery::Column::Id).filter(delivery::Column::CreatedAt.lt(before));
        let is_over = delivery::Column::Status.ne(DeliveryStatus::Pending).or(delivery::Column::CreatedAt.lt(longest));
        let old = old.filter(is_over);
        let ids: Vec<(DeliveryId,)> = find_tuples(core.db.read(), old.limit(AT_ONCE)).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let tx = core.db.begin_essential().await?;
        let ids = ids.into_iter().map(|(id,)| id);
        delivery::Entity::delete_many().filter(delivery::Column::Id.is_in(ids)).exec(&tx).await?;
        tx.commit().await?;
    }
}
