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
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::{Page, Paging};
use kit::lock::lock;

/// What was counted last, of each workspace whose keys were listed here.
#[derive(Debug, Default)]
pub struct KeyCountCache(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    key_counts: HashMap<WorkspaceId, Tally>,
    /// How many times all were forgotten.
    forgotten: u64,
}

impl KeyCountCache {
    /// Counts everything again: the database may have forgotten changes, and have given their numbers to others.
    pub fn forget(&self) {
        let mut known = lock(&self.0);
        known.key_counts.clear();
        known.forgotten += 1;
    }

    /// What is known of a workspace, and what to say with what is counted on from there.
    fn of(&self, workspace: WorkspaceId) -> (Option<Tally>, u64) {
        let known = lock(&self.0);
        (known.key_counts.get(&workspace).copied(), known.forgotten)
    }

    /// Keeps what was counted, unless all was forgotten meanwhile.
    fn keep(&self, workspace: WorkspaceId, tally: Tally, forgotten: u64) {
        let mut known = lock(&self.0);
        if known.forgotten == forgotten {
            known.key_counts.insert(workspace, tally);
        }
    }
}

/// How often a workspace's keys are counted from the beginning, if they are listed at all.
const ANEW: Duration = Duration::from_hours(24);

/// By so many microseconds the wall clock may have gone another way than time since keys were counted, if what was settled is
/// to be past still.
const ASTRAY: i64 = 60_000_000;

#[derive(Clone, Copy, Debug)]
struct Tally {
    counts: Counts,
    /// The last change of any key before it was counted.
    revision: i64,
    at: Time,
    /// The same by a clock that only goes forward.
    ticks: Duration,
    /// When the next key expires.
    until: Option<Time>,
    settled: Settled,
    /// When what is settled was counted from the beginning, by that clock.
    begun: Duration,
}

impl Tally {
    fn holds(&self, revision: i64, now: Time) -> bool {
        self.revision == revision && self.at <= now && self.until.is_none_or(|until| now < until)
    }

    /// What need not be counted again, unless the clock was set, or it is time to see whether that still agrees with what is
    /// there: somebody may have written to the database behind the product's back.
    fn to_go_on(self, now: Time, ticks: Duration) -> Option<(Settled, Duration)> {
        let passed = i64::try_from(ticks.saturating_sub(self.ticks).as_micros()).unwrap_or(i64::MAX);
        let astray = (now.micros() - self.at.micros()).saturating_sub(passed).abs();
        let is_young = ticks.saturating_sub(self.begun) < ANEW;
        (astray <= ASTRAY && is_young).then_some((self.settled, self.begun))
    }
}

/// One page of a workspace's keys, the newest first.
pub async fn list(app: &App, workspace: WorkspaceId, filter: &KeyFilter, paging: Paging, now: Time) -> DbResult<Page<Key>> {
    let search = filter.search.as_deref().map_or(Search::Anything, Search::parse);
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
    let ticks = app.clock.ticks();
    // Before the keys: what changes meanwhile is counted again next time.
    let revision = cluster::current_revision(db).await?;
    let (known, forgotten) = app.key_counts.of(workspace);
    if let Some(tally) = known.filter(|tally| tally.holds(revision, now)) {
        return Ok(tally.counts);
    }
    let (settled, begun) = known.and_then(|tally| tally.to_go_on(now, ticks)).unwrap_or((Settled::default(), ticks));
    let (counts, settled, until) = store::count_since(db, workspace, settled, now).await?;
    app.key_counts.keep(workspace, Tally { counts, revision, at: now, ticks, until, settled, begun }, forgotten);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Time {
        Time::from_micros(micros).expect("a time")
    }

    const COUNTED: Duration = Duration::from_hours(100);

    fn tally(at: Time, until: Option<Time>) -> Tally {
        let (counts, settled) = (Counts::default(), Settled::default());
        Tally { counts, revision: 7, at, ticks: COUNTED, until, settled, begun: COUNTED }
    }

    #[test]
    fn what_is_settled_is_counted_again_after_a_day_or_once_the_clock_was_set() {
        let (start, minutes) = (at(1_800_000_000_000_000), Duration::from_mins);
        let goes_on = |now, passed| tally(start, None).to_go_on(now, COUNTED + passed).is_some();
        assert!(goes_on(start, minutes(0)) && goes_on(start.after(minutes(1_439)), minutes(1_439)));
        assert!(!goes_on(start.after(ANEW), ANEW), "a day");
        assert!(!goes_on(start.before(minutes(2)), minutes(0)), "set back");
        assert!(!goes_on(start.after(minutes(30)), minutes(90)), "set back, and has caught up");
        assert!(!goes_on(start.after(minutes(90)), minutes(30)), "set forward");
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
