//! [`KeyLoader`]: the index of keys as a replica of the database that `cluster` keeps up to date.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use key_format::SecretDigest;
use sea_orm::{ConnAcquireErr, DbErr};

use super::count_cache::KeyCountCache;
use super::index::{FullReload, Index, IndexedKey};
use super::model::Key;
use super::name_cache::KeyNameCache;
use super::store;
use crate::cluster::{Cluster, LEASE, LocalChange, Replica};
use crate::core::Core;
use crate::workspaces::{self, Tenant, WorkspaceId};
use kit::db::{DbResult, Fault, Pool};

/// Changed keys in one read.
const BATCH: u64 = 1_000;

/// Keys in one read of a full load, approximately.
const RANGE: i64 = 2_000;

/// Reads of a full load at a time. With two, a processor is idle while both wait for their keys to be inserted.
const CONCURRENT_READS: usize = 3;

/// The time between two log lines on the progress of a full load.
const PROGRESS: Duration = Duration::from_secs(2);

/// Loads keys and workspaces into the index.
#[derive(Debug)]
pub struct KeyLoader {
    core: Core,
    index: Arc<Index>,
    counts: Arc<KeyCountCache>,
    names: Arc<KeyNameCache>,
}

impl KeyLoader {
    pub fn new(core: Core, index: Arc<Index>, counts: Arc<KeyCountCache>, names: Arc<KeyNameCache>) -> Self {
        Self { core, index, counts, names }
    }

    async fn load(&self, revision: i64) -> DbResult<()> {
        let db = self.core.db.read();
        self.load_tenants(db).await?;
        let mut load = Load::new(self, store::count(db).await?);
        // The bounds of all ranges are known beforehand, so that several are read at once.
        let size = range_size(load.total, revision);
        let starts = std::iter::successors(Some(0), |after: &i64| after.checked_add(size)).take_while(|after| *after < revision);
        let reads = starts.map(|after| read_range(self.core.clone(), after, after.saturating_add(size).min(revision)));
        let mut reads = stream::iter(reads).buffered(CONCURRENT_READS).boxed();
        while let Some(keys) = reads.next().await {
            load.insert(&keys?).await?;
        }
        let mut last = revision;
        loop {
            let keys = store::changed_since(db, last, BATCH).await?;
            let Some(newest) = keys.last().map(|key| key.revision) else { break };
            load.insert(&keys).await?;
            last = newest;
        }
        load.finish();
        self.counts.forget();
        self.names.forget();
        Ok(())
    }

    async fn load_tenants(&self, db: &Pool) -> DbResult<()> {
        for workspace in workspaces::all(db).await? {
            self.index.apply_tenant(Tenant::from(&workspace));
        }
        Ok(())
    }

    async fn apply_batch(&self, after: i64) -> DbResult<Option<i64>> {
        let changed = store::changed_since(self.core.db.lease_pools().read, after, BATCH).await?;
        for key in &changed {
            // The workspace may be newer than the index.
            tenant(&self.core, &self.index, key.tenant()).await?;
            self.index.apply(key);
        }
        Ok(changed.last().map(|key| key.revision))
    }

    async fn stored(&self, changes: &[LocalChange]) -> DbResult<bool> {
        let digests = changes.iter().map(|change| SecretDigest(change.object)).collect();
        let stored = store::revisions_of(self.core.db.lease_pools().read, digests).await?;
        Ok(changes.iter().all(|change| stored.get(&SecretDigest(change.object)).is_some_and(|found| *found >= change.revision)))
    }
}

impl Replica for KeyLoader {
    fn reload(&self, revision: i64) -> BoxFuture<'_, DbResult<()>> {
        self.load(revision).boxed()
    }
    fn apply_after(&self, revision: i64) -> BoxFuture<'_, DbResult<Option<i64>>> {
        self.apply_batch(revision).boxed()
    }
    fn are_stored<'a>(&'a self, changes: &'a [LocalChange]) -> BoxFuture<'a, DbResult<bool>> {
        self.stored(changes).boxed()
    }
}

impl From<&Key> for LocalChange {
    fn from(key: &Key) -> Self {
        Self { revision: key.revision, object: key.digest.0 }
    }
}

/// Returns a workspace from the index, or from the database if it is newer.
pub async fn tenant(core: &Core, index: &Index, id: WorkspaceId) -> DbResult<Option<Arc<Tenant>>> {
    if let Some(known) = index.tenant(id) {
        return Ok(Some(known));
    }
    if let Some(workspace) = workspaces::find(core.db.read(), id).await? {
        index.apply_tenant(Tenant::from(&workspace));
    }
    Ok(index.tenant(id))
}

/// Looks up a presented key in the database, for a node without a lease. Fails if the database does not respond in time.
pub async fn find_in_database(core: &Core, cluster: &Cluster, index: &Index, presented: &[u8]) -> DbResult<Option<IndexedKey>> {
    let Ok(digest) = key_format::digest_of(presented) else { return Ok(None) };
    let timed_out = || DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
    // The open file is not the one that other processes change.
    let is_orphaned = core.db.storage().health().fault() == Some(Fault::Replaced);
    if is_orphaned || cluster.is_cut_off() {
        // No request waits for a database that is known not to respond.
        return Err(timed_out());
    }
    let found = tokio::time::timeout(LEASE, store::find_by_digest(core.db.read(), digest)).await;
    let Some(key) = found.map_err(|_elapsed| timed_out())?? else { return Ok(None) };
    let key = IndexedKey::from(&key);
    tenant(core, index, key.tenant()).await?;
    // The entry is not trusted, but its counters and its rate limit go on.
    index.apply(&key);
    Ok(Some(key))
}

/// Returns the number of revisions in one range: more where keys have changed often, as a key has only its last revision, but
/// not so many that a range is too large if all keys have changed recently.
fn range_size(keys: u64, revisions: i64) -> i64 {
    let per_key = revisions / i64::try_from(keys).unwrap_or(i64::MAX).max(1);
    RANGE * per_key.clamp(1, 16)
}

/// Reads the keys of one range in a task of its own, so that rows are decoded on any free processor.
async fn read_range(core: Core, after: i64, until: i64) -> DbResult<Vec<IndexedKey>> {
    let read = tokio::spawn(async move { store::changed_between(core.db.read(), after, until).await });
    read.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(cancelled) => Err(DbErr::Custom(cancelled.to_string())),
    })
}

/// A full load in progress.
struct Load<'a> {
    loader: &'a KeyLoader,
    reload: FullReload<'a>,
    loaded: usize,
    total: u64,
    started_at: Duration,
    logged_at: Duration,
}

impl<'a> Load<'a> {
    fn new(loader: &'a KeyLoader, total: u64) -> Self {
        let now = loader.core.clock.ticks();
        Self { loader, reload: loader.index.full_reload(total), loaded: 0, total, started_at: now, logged_at: now }
    }

    async fn insert(&mut self, keys: &[IndexedKey]) -> DbResult<()> {
        let KeyLoader { core, index, .. } = self.loader;
        let mut known = None;
        for key in keys {
            let workspace = key.tenant();
            if known != Some(workspace) {
                // The workspace may be newer than the index.
                tenant(core, index, workspace).await?;
                known = Some(workspace);
            }
        }
        self.reload.insert(keys);
        self.loaded += keys.len();
        let now = core.clock.ticks();
        if now.saturating_sub(self.logged_at) >= PROGRESS {
            self.logged_at = now;
            tracing::info!(loaded = self.loaded, of = self.total, "loading keys");
        }
        Ok(())
    }

    fn finish(self) {
        self.reload.finish();
        let KeyLoader { core, index, .. } = self.loader;
        let seconds = core.clock.ticks().saturating_sub(self.started_at).as_secs_f64();
        tracing::info!(keys = index.len(), seconds, "keys are loaded");
    }
}
