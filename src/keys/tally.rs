//! How many keys a workspace has of each status, and the list that says so. Keys are counted when their number is asked for,
//! and again only once any key, of whatever workspace, has changed, or one of these has expired; and then only what is new:
//! of a hundred thousand one page is read in a moment, and to count them all takes many times as long.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::model::{Key, KeyFilter};
use super::store::{self, Counts, KeyQuery, Order, Search, Settled, SortBy};
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

/// How often a workspace's keys are counted from the beginning, if they are listed at all.
const ANEW: Duration = Duration::from_hours(24);

#[derive(Clone, Copy, Debug)]
struct Tally {
    counts: Counts,
    /// The last change of any key before it was counted.
    revision: i64,
    at: Time,
    /// When the next key expires.
    until: Option<Time>,
    settled: Settled,
    /// When what is settled was counted from the beginning.
    begun: Time,
}

impl Tally {
    fn holds(&self, revision: i64, now: Time) -> bool {
        self.revision == revision && self.at <= now && self.until.is_none_or(|until| now < until)
    }

    /// What need not be counted again, unless the clock was set back, or it is time to see whether that still agrees with what
    /// is there: somebody may have written to the database behind the product's back.
    fn to_go_on(self, now: Time) -> Option<(Settled, Time)> {
        (self.at <= now && now.since(self.begun) < ANEW).then_some((self.settled, self.begun))
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
    let (settled, begun) = known.and_then(|tally| tally.to_go_on(now)).unwrap_or((Settled::default(), now));
    let (counts, settled, until) = store::count_on(db, workspace, settled, now).await?;
    lock(&app.tallies.0).insert(workspace, Tally { counts, revision, at: now, until, settled, begun });
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Time {
        Time::from_micros(micros).expect("a time")
    }

    fn tally(at: Time, until: Option<Time>) -> Tally {
        Tally { counts: Counts::default(), revision: 7, at, until, settled: Settled::default(), begun: at }
    }

    #[test]
    fn what_is_settled_is_counted_again_after_a_day_or_once_the_clock_was_set_back() {
        let (tally, a_day_later) = (tally(at(10), None), at(10).after(ANEW));
        assert!(tally.to_go_on(at(10)).is_some() && tally.to_go_on(a_day_later.before(Duration::from_micros(1))).is_some());
        assert!(tally.to_go_on(at(9)).is_none() && tally.to_go_on(a_day_later).is_none());
    }

    #[test]
    fn a_tally_holds_until_a_key_changes_or_expires() {
        let tally = tally(at(10), Some(at(20)));
        assert!(tally.holds(7, at(10)) && tally.holds(7, at(19)));
        assert!(!tally.holds(8, at(10)), "a key has changed");
        assert!(!tally.holds(7, at(20)), "a key is expired from then on");
        assert!(!tally.holds(7, at(9)), "the clock was set back: a key may not have expired yet");
        assert!(Tally { until: None, ..tally }.holds(7, at(1_000_000)));
    }
}
