//! The pasts of keys, from the usage counters of the last 28 days and, where a rule asks for it, from those before.

use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::rules::{HourOfUse, Past, Profile, WINDOW};
use super::store;
use crate::core::Core;
use crate::keys::model::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// The time before the window in which a last use or a last write is looked for.
const LOOK_BACK: Duration = Duration::from_hours(400 * 24);

/// The use of a key in an hour.
pub(super) type KeyHour = (WorkspaceId, KeyId, HourOfUse);

/// Reads the pasts of keys whose use in an hour is judged.
pub(super) async fn pasts(
    core: &Core,
    uses: &[KeyHour],
    zones: &HashMap<WorkspaceId, TimeZone>,
    hour: Time,
) -> DbResult<HashMap<KeyId, Past>> {
    let db = core.db.read();
    let keys: Vec<KeyId> = uses.iter().map(|(_, key, _)| *key).collect();
    let from = hour.before(WINDOW);
    let hours = store::history(db, &keys, (from, hour)).await?;
    let created_at: HashMap<KeyId, Time> = store::created_at(db, &keys).await?.into_iter().collect();
    let first_uses = store::first_uses(db, &keys).await?;
    let mut pasts = HashMap::new();
    for (workspace, key, _) in uses {
        let (Some(zone), Some(created_at)) = (zones.get(workspace), created_at.get(key)) else { continue };
        let profile = Profile::new(hours.get(key).map_or(&[], Vec::as_slice), zone);
        pasts.insert(*key, Past::new(*created_at, first_uses.get(key).copied(), profile));
    }
    let before = (hour.before(LOOK_BACK), from);
    let quiet: Vec<KeyId> = pasts.iter().filter(|(_, past)| past.needs_earlier_use()).map(|(key, _)| *key).collect();
    for (key, used) in store::last_hours(db, quiet, before, false).await? {
        if let Some(past) = pasts.get_mut(&key) {
            past.earlier_use = Some(used);
        }
    }
    let needs_write = |(_, key, used): &&(_, KeyId, HourOfUse)| pasts.get(key).is_some_and(|past| past.needs_earlier_write(used));
    let writing: Vec<KeyId> = uses.iter().filter(needs_write).map(|(_, key, _)| *key).collect();
    let wrote = store::last_hours(db, writing.clone(), before, true).await?;
    for key in writing {
        if let Some(past) = pasts.get_mut(&key) {
            past.earlier_write = Some(wrote.get(&key).copied());
        }
    }
    Ok(pasts)
}
