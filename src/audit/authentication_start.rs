//! The time from which events carry the proof of identity of their actor.
//!
//! No node of the version before can read such events: it does not know the fields, and would report the event as altered. In a
//! database that such nodes have used, events carry the proof after nodes of this version have watched for [`HOLD`] without a
//! break and seen none, so that one which restarts, or to which an upgrade is rolled back, still verifies every log.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::tables::authentication::{Column, Entity};
use crate::core::Core;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, update_row};

/// The time for which no node of the version before must have had a lease.
pub const HOLD: Duration = Duration::from_hours(24);

/// The longest time between two looks of one watch. Nodes of the version before may have run unseen in a longer one.
const LONGEST_BREAK: Duration = Duration::from_mins(15);

const ONLY_ROW: i16 = 1;

/// Returns whether events carry the proof. Once they do, they always will.
pub(super) async fn has_begun(core: &Core, db: &impl Source) -> DbResult<bool> {
    if core.events_carry_authentication.load(Ordering::Relaxed) {
        return Ok(true);
    }
    let has_begun = find_row(db, Entity::find_by_id(ONLY_ROW)).await?.is_none_or(|row| row.begun);
    if has_begun {
        core.events_carry_authentication.store(true, Ordering::Relaxed);
    }
    Ok(has_begun)
}

/// Records that this node has looked for nodes of the version before, and lets events carry the proof once the watch was long
/// enough. `older` is the end of the last lease of such a node that still has a row.
pub async fn watch_older_nodes(core: &Core, older: Option<Time>) -> DbResult<()> {
    if has_begun(core, core.db.read()).await? {
        return Ok(());
    }
    // Shared with no later transaction, which would remember `begun` before it is stored.
    let tx = core.db.begin_essential().await?;
    let waiting = Entity::find_by_id(ONLY_ROW).filter(Column::Begun.eq(false)).lock_exclusive();
    let Some(row) = find_row(&tx, waiting).await? else {
        return tx.rollback().await;
    };
    let now = core.clock.now();
    let is_unbroken = row.watched_at.is_some_and(|at| at.after(LONGEST_BREAK) >= now);
    let last_seen = if is_unbroken { older } else { older.max(Some(now)) };
    let starts_at = row.starts_at.filter(|_| is_unbroken).max(last_seen.map(|at| at.after(HOLD)));
    let mut row = row.into_active_model();
    row.starts_at = Set(starts_at);
    row.watched_at = Set(Some(now));
    row.begun = Set(starts_at.is_some_and(|at| at <= now));
    update_row(&tx, row).await?;
    tx.commit().await
}
