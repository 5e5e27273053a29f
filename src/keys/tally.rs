//! How many keys a workspace has of each status, and the list that says so. Keys are counted when their number is asked for,
//! and again only once any key, of whatever workspace, has changed, or one of these has expired: of a hundred thousand one
//! page is read in a moment, and to count them all takes many times as long.

use std::collections::HashMap;
use std::sync::Mutex;

use super::model::{Key, KeyFilter};
use super::store::{self, Counts, KeyQuery, Order, Search, SortBy};
use crate::app::App;
use crate::cluster;
use crate::kit::clock::Time;
use crate::kit::db::DbResult;
use crate::kit::http::{Page, Paging};
use crate::kit::lock::lock;
use crate::workspaces::WorkspaceId;

/// What was counted last, of each workspace whose keys were listed here.
#[derive(Debug, Default)]
pub struct Tallies(Mutex<HashMap<WorkspaceId, Tally>>);

impl Tallies {
    /// Counts everything again: the database may have forgotten changes, and have given their numbers to others.
    pub fn forget(&self) {
        lock(&self.0).clear();
    }
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    counts: Counts,
    /// The last change of any key before it was counted.
    revision: i64,
    at: Time,
    /// When the next key expires.
    until: Option<Time>,
}

impl Tally {
    fn holds(&self, revision: i64, now: Time) -> bool {
        self.revision == revision && self.at <= now && self.until.is_none_or(|until| now < until)
    }
}

/// One page of a workspace's keys, the newest first.
pub async fn list(app: &App, workspace: WorkspaceId, filter: &KeyFilter, paging: Paging, now: Time) -> DbResult<Page<Key>> {
    let search = filter.search.as_deref().map_or(Search::Anything, Search::of);
    let total = count(app, workspace, &search, now).await?.of(filter.status);
    let query = KeyQuery { status: filter.status, search, order: Order::Descending(SortBy::Created) };
    Ok(Page::new(store::find_page(app.db.read(), workspace, &query, paging, now).await?, total, paging))
}

/// How many keys a search finds, by status.
pub(super) async fn count(app: &App, workspace: WorkspaceId, search: &Search, now: Time) -> DbResult<Counts> {
    let db = app.db.read();
    if *search != Search::Anything {
        return store::count_by_status(db, workspace, search, now).await;
    }
    // Before the keys: what changes meanwhile is counted again next time.
    let revision = cluster::current_revision(db).await?;
    let known = lock(&app.tallies.0).get(&workspace).copied();
    if let Some(tally) = known.filter(|tally| tally.holds(revision, now)) {
        return Ok(tally.counts);
    }
    let (counts, until) = store::count_all(db, workspace, now).await?;
    lock(&app.tallies.0).insert(workspace, Tally { counts, revision, at: now, until });
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Time {
        Time::from_micros(micros).expect("a time")
    }

    #[test]
    fn a_tally_holds_until_a_key_changes_or_expires() {
        let tally = Tally { counts: Counts::default(), revision: 7, at: at(10), until: Some(at(20)) };
        assert!(tally.holds(7, at(10)) && tally.holds(7, at(19)));
        assert!(!tally.holds(8, at(10)), "a key has changed");
        assert!(!tally.holds(7, at(20)), "a key is expired from then on");
        assert!(!tally.holds(7, at(9)), "the clock was set back: a key may not have expired yet");
        assert!(Tally { until: None, ..tally }.holds(7, at(1_000_000)));
    }
}
