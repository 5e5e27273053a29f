//! The time from which events carry the proof of identity of their actor.
//!
//! No node of the version before can read such events: it does not know the fields, and would report the event as altered. In a
//! database that such nodes have used, events carry the proof when none of them has had a lease for [`HOLD`], so that one which
//! restarts, or to which an upgrade is rolled back, still verifies every log.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use super::tables::authentication::{Column, Entity, Model};
use crate::core::Core;
use kit::clock::Time;
use kit::db::DbResult;

/// The time for which no node of the version before must have had a lease.
pub const HOLD: Duration = Duration::from_hours(24);

const ONLY_ROW: i16 = 1;

/// Returns whether events carry the proof. Once they do, they always will.
pub(super) async fn has_begun(core: &Core, db: &impl ConnectionTrait) -> DbResult<bool> {
    if core.events_carry_authentication.load(Ordering::Relaxed) {
        return Ok(true);
    }
    let row = Entity::find_by_id(ONLY_ROW).one(db).await?;
    let has_begun = row.is_none_or(|row| row.starts_at.is_some_and(|at| at <= core.clock.now()));
    if has_begun {
        core.events_carry_authentication.store(true, Ordering::Relaxed);
    }
    Ok(has_begun)
}

/// Sets the time from which events carry the proof, or postpones it. `older` is the end of the last lease of a node of the version
/// before that still has a row.
pub async fn postpone_event_authentication(core: &Core, older: Option<Time>) -> DbResult<()> {
    let Some(Model { starts_at, .. }) = Entity::find_by_id(ONLY_ROW).one(core.db.read()).await? else { return Ok(()) };
    let now = core.clock.now();
    let last_seen = match (starts_at, older) {
        (None, _) => older.map_or(now, |older| older.max(now)),
        (Some(starts), Some(older)) if starts > now => older,
        (Some(_), _) => return Ok(()),
    };
    let wanted = last_seen.after(HOLD);
    if starts_at.is_some_and(|starts| starts >= wanted) {
        return Ok(());
    }
    let is_earlier = Condition::any().add(Column::StartsAt.is_null()).add(Column::StartsAt.lt(wanted));
    let tx = core.db.begin().await?;
    let update = Entity::update_many().col_expr(Column::StartsAt, Expr::value(wanted)).filter(Column::Id.eq(ONLY_ROW));
    update.filter(is_earlier).exec(&tx).await?;
    tx.commit().await
}
