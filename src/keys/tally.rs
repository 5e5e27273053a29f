//! The list of a workspace's keys, and how many there are of each status: counted when it is asked for, and counted again
//! only once a key has changed or expired. Of a hundred thousand keys one page is read in a moment; to count them all takes
//! many times as long.

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
pub async fn list(app: &App, workspace: WorkspaceId, filter: &KeyFilter, paging: Paging) -> DbResult<Page<Key>> {
    let search = filter.search.as_deref().map_or(Search::Anything, Search::of);
    let total = count(app, workspace, &search).await?.of(filter.status);
    let query = KeyQuery { status: filter.status, search, order: Order::Descending(SortBy::Created) };
    store::find_page(app.db.read(), workspace, &query, total, paging, app.clock.now()).await
}

/// How many keys a search finds, by status.
pub(super) async fn count(app: &App, workspace: WorkspaceId, search: &Search) -> DbResult<Counts> {
    let (db, at) = (app.db.read(), app.clock.now());
    if *search != Search::Anything {
        return Ok(store::count_by_status(db, workspace, search, at).await?.0);
    }
    // Before the keys: what changes meanwhile is counted again next time.
    let revision = cluster::current_revision(db).await?;
    let known = lock(&app.tallies.0).get(&workspace).copied();
    if let Some(tally) = known.filter(|tally| tally.holds(revision, at)) {
        return Ok(tally.counts);
    }
    let (counts, until) = store::count_by_status(db, workspace, search, at).await?;
    lock(&app.tallies.0).insert(workspace, Tally { counts, revision, at, until });
    Ok(counts)
}
