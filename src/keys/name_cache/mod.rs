//! [`KeyNameCache`]: the names of a workspace's keys in memory, for searches by a part of a name.
//!
//! No index of the database finds a part of a text: for the page and for its count, a search there reads all keys of the workspace.
//!
//! A search finds every change that was committed before it, by any process:
//! - Each change of a key takes the next revision, and revisions commit in order (`cluster::next_revision`). Once a database shows
//!   revision `r`, it shows every change up to `r`.
//! - A search first reads the current revision. Unless it is that of the names, it reads the keys with later revisions. What it
//!   finds of changes after the current revision is read again next time.
//! - Names are loaded anew if the revision went back, after [`forget`](KeyNameCache::forget) (the database may have lost changes,
//!   and may give their revisions to others), and once a day, for rows that were written without the product.
//! - Rows of a page are read from the database: memory only says which.
//!
//! Memory has a limit: the names that were not searched for longest are dropped. A workspace that alone exceeds it is searched in
//! the database.
//!
//! - here the cache; `names` names and hints of one workspace, `texts` their memory; `found` the result of a search

mod found;
mod names;
mod texts;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sea_orm::DbErr;

pub(super) use found::{Found, SearchedKey};
pub(super) use names::NamedKey;
use names::Names;

use super::model::KeySearch;
use super::store;
use crate::cluster;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Pool};
use kit::lock::lock;

/// The default limit: about 450,000 keys. A load in progress needs as much again, and so does the spare room of names to which many
/// were added since their load.
const MAX_BYTES: usize = 64 << 20;

/// The memory of a workspace without keys.
const CELL_BYTES: usize = 512;

/// Keys in one read of a load.
const BATCH: u64 = 2_000;

/// The largest number of changed keys that are applied, beyond which names are loaded anew.
const MAX_CHANGES: u64 = 1_000;

/// The largest number of revisions, of all workspaces, in which changed keys are looked for.
const MAX_REVISIONS: i64 = 20_000;

/// The longest time between two loads of a workspace.
const RELOAD_INTERVAL: Duration = Duration::from_hours(24);

/// The names of the workspaces whose keys were last searched on this node.
#[derive(Debug)]
pub struct KeyNameCache {
    max_bytes: usize,
    cells: Mutex<HashMap<WorkspaceId, Arc<Cell>>>,
    /// The number of searches, by which the cells are ordered.
    searches: AtomicU64,
    /// Serialises loads, so that only one at a time needs memory beyond the limit.
    loading: tokio::sync::Mutex<()>,
}

/// The names of one workspace.
#[derive(Debug, Default)]
struct Cell {
    last_search: AtomicU64,
    bytes: AtomicUsize,
    state: Mutex<State>,
    /// Serialises updates of the state.
    updating: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Empty,
    Loaded(Arc<Loaded>),
    /// The names cannot be held in memory.
    InDatabase {
        since: Duration,
    },
}

/// Names with every change up to a revision.
#[derive(Clone, Debug)]
struct Loaded {
    names: Names,
    revision: i64,
    /// The time of the load by the monotonic clock.
    since: Duration,
}

impl Default for KeyNameCache {
    fn default() -> Self {
        Self::with_limit(MAX_BYTES)
    }
}

impl KeyNameCache {
    /// A cache with another limit of its memory, in bytes.
    pub fn with_limit(max_bytes: usize) -> Self {
        let (cells, searches, loading) = (Mutex::default(), AtomicU64::default(), tokio::sync::Mutex::default());
        Self { max_bytes, cells, searches, loading }
    }

    /// Drops all names: the database may have lost changes, and may give their revisions to other changes.
    pub fn forget(&self) {
        // An update in progress goes on with a cell that no later search finds.
        lock(&self.cells).clear();
    }

    /// Finds the keys whose name or hint contains the text of a search. `None` if the search is for no text, or has to be made in the
    /// database.
    pub(super) async fn search(&self, core: &Core, workspace: WorkspaceId, search: &KeySearch) -> DbResult<Option<Found>> {
        let KeySearch::Text(text) = search else { return Ok(None) };
        // In memory of its own: this future is a part of many others.
        match Box::pin(self.current(core, workspace)).await? {
            State::Loaded(loaded) => Ok(Some(Found::new(loaded, text))),
            State::Empty | State::InDatabase { .. } => Ok(None),
        }
    }

    /// Returns the names with every change that was committed before the call.
    async fn current(&self, core: &Core, workspace: WorkspaceId) -> DbResult<State> {
        let (db, cell) = (core.db.read(), self.cell(workspace));
        let revision = cluster::current_revision(db).await?;
        let state = cell.state();
        if state.is_current(revision, core.clock.ticks()) {
            return Ok(state);
        }
        drop(state);
        let _updating = cell.updating.lock().await;
        // Another search may have updated the names meanwhile, to a later revision.
        let (revision, ticks) = (cluster::current_revision(db).await?, core.clock.ticks());
        let state = cell.state();
        if state.is_current(revision, ticks) {
            return Ok(state);
        }
        let applied = state.revision_before(revision, ticks);
        // A shared state would be copied to be changed.
        drop(state);
        let changes = match applied {
            Some(applied) => changes_since(db, workspace, applied).await?,
            None => None,
        };
        match changes {
            Some(changes) => cell.apply(changes, revision),
            None => cell.set(self.load(db, workspace, revision, ticks).await?),
        }
        if cell.bytes.load(Ordering::Relaxed) > self.max_bytes {
            cell.set(State::InDatabase { since: ticks });
        }
        self.keep_within_limit(workspace);
        Ok(cell.state())
    }

    /// Returns the cell of a workspace, as that of the last search.
    fn cell(&self, workspace: WorkspaceId) -> Arc<Cell> {
        let mut cells = lock(&self.cells);
        let cell = cells.entry(workspace).or_default();
        cell.last_search.store(self.searches.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Arc::clone(cell)
    }

    /// Loads the names of a workspace. `revision` is the current revision.
    async fn load(&self, db: &Pool, workspace: WorkspaceId, revision: i64, since: Duration) -> DbResult<State> {
        let _loading = self.loading.lock().await;
        let (mut names, mut last) = (Names::default(), None);
        loop {
            let batch = match store::named_after(db, workspace, last, BATCH).await {
                Ok(batch) => batch,
                // A manipulated row. The database compares its text all the same.
                Err(DbErr::Json(error) | DbErr::Type(error)) => {
                    tracing::error!(%workspace, %error, "names of keys cannot be loaded; searches read the database");
                    return Ok(State::InDatabase { since });
                }
                Err(error) => return Err(error),
            };
            for key in &batch {
                names.apply(key);
            }
            if names.bytes() > self.max_bytes {
                return Ok(State::InDatabase { since });
            }
            last = batch.last().map(|named| (named.key.created_at, named.key.id));
            if (batch.len() as u64) < BATCH {
                break;
            }
        }
        names.shrink_to_fit();
        Ok(State::Loaded(Arc::new(Loaded { names, revision, since })))
    }

    /// Drops the names that were not searched for longest, but not those of `last`, until the others are within the limit.
    fn keep_within_limit(&self, last: WorkspaceId) {
        let mut cells = lock(&self.cells);
        let mut total: usize = cells.values().map(|cell| cell.size()).sum();
        if total <= self.max_bytes {
            return;
        }
        let mut others: Vec<_> = cells.iter().filter(|(workspace, _)| **workspace != last).collect();
        others.sort_unstable_by_key(|(_, cell)| cell.last_search.load(Ordering::Relaxed));
        let mut dropped = Vec::new();
        for (workspace, cell) in others {
            if total <= self.max_bytes {
                break;
            }
            total = total.saturating_sub(cell.size());
            dropped.push(*workspace);
        }
        for workspace in dropped {
            cells.remove(&workspace);
        }
    }
}

/// Reads the keys that were changed after a revision. `None` if there are too many, or one of them cannot be read.
async fn changes_since(db: &Pool, workspace: WorkspaceId, revision: i64) -> DbResult<Option<Vec<NamedKey>>> {
    match store::named_since(db, workspace, revision, MAX_CHANGES).await {
        Ok(changes) => Ok(Some(changes).filter(|changes| (changes.len() as u64) < MAX_CHANGES)),
        Err(DbErr::Json(_) | DbErr::Type(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Cell {
    /// Returns the memory of the cell.
    fn size(&self) -> usize {
        CELL_BYTES + self.bytes.load(Ordering::Relaxed)
    }

    fn state(&self) -> State {
        lock(&self.state).clone()
    }

    fn set(&self, state: State) {
        self.bytes.store(state.bytes(), Ordering::Relaxed);
        *lock(&self.state) = state;
    }

    /// Applies the changes up to `revision`, and later ones of the same keys.
    fn apply(&self, changed: Vec<NamedKey>, revision: i64) {
        // Taken out: no search waits in the lock, and one that finds nothing waits for the update.
        let mut state = std::mem::take(&mut *lock(&self.state));
        if let State::Loaded(loaded) = &mut state {
            let loaded = Arc::make_mut(loaded);
            loaded.names.apply_all(changed);
            loaded.revision = revision;
        }
        self.set(state);
    }
}

impl State {
    fn is_current(&self, revision: i64, ticks: Duration) -> bool {
        let is_recent = |since: Duration| ticks.saturating_sub(since) < RELOAD_INTERVAL;
        match self {
            Self::Empty => false,
            Self::Loaded(loaded) => loaded.revision == revision && is_recent(loaded.since),
            Self::InDatabase { since } => is_recent(*since),
        }
    }

    /// Returns the revision of the names, if the changes from there to `revision` are few enough to be applied to them.
    fn revision_before(&self, revision: i64, ticks: Duration) -> Option<i64> {
        let Self::Loaded(loaded) = self else { return None };
        let is_recent = ticks.saturating_sub(loaded.since) < RELOAD_INTERVAL;
        let is_near = (0..=MAX_REVISIONS).contains(&revision.saturating_sub(loaded.revision));
        (is_recent && is_near).then_some(loaded.revision)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Empty | Self::InDatabase { .. } => 0,
            Self::Loaded(loaded) => loaded.names.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const REVISION: i64 = 7;
    const LOADED: Duration = Duration::from_hours(100);

    fn loaded() -> State {
        State::Loaded(Arc::new(Loaded { names: Names::default(), revision: REVISION, since: LOADED }))
    }

    #[test]
    fn names_are_current_until_a_key_changes_or_a_day_has_passed() {
        let names = loaded();
        assert!(names.is_current(REVISION, LOADED) && !names.is_current(REVISION + 1, LOADED));
        assert!(!names.is_current(REVISION, LOADED + RELOAD_INTERVAL));
        assert!(!State::Empty.is_current(REVISION, LOADED));
        let in_database = State::InDatabase { since: LOADED };
        assert!(in_database.is_current(REVISION + 1, LOADED) && !in_database.is_current(REVISION, LOADED + RELOAD_INTERVAL));
    }

    #[test]
    fn names_are_loaded_anew_after_many_changes_or_a_lost_one() {
        let applied = |revision, ticks| loaded().revision_before(revision, ticks);
        assert_eq!(applied(REVISION + 1, LOADED), Some(REVISION));
        assert_eq!(applied(REVISION + MAX_REVISIONS, LOADED), Some(REVISION));
        assert_eq!(applied(REVISION + MAX_REVISIONS + 1, LOADED), None);
        assert_eq!(applied(REVISION - 1, LOADED), None, "the database has lost a change");
        assert_eq!(applied(REVISION + 1, LOADED + RELOAD_INTERVAL), None);
        assert_eq!(State::Empty.revision_before(REVISION, LOADED), None);
    }

    #[test]
    fn workspaces_not_searched_for_longest_are_dropped() {
        let cache = KeyNameCache::with_limit(2 * CELL_BYTES);
        let [one, two, three] = [1, 2, 3].map(|id| WorkspaceId(Uuid::from_u128(id)));
        for searched in [one, two, one, three] {
            cache.cell(searched);
        }
        cache.keep_within_limit(three);
        let kept = |workspace| lock(&cache.cells).contains_key(&workspace);
        assert!(kept(one) && !kept(two) && kept(three));
        cache.forget();
        assert!(!kept(one) && !kept(three));
    }
}
