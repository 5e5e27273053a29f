//! The index, filled from the database.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use sea_orm::DbErr;

use super::node::Cluster;
use super::store;
use crate::app::App;
use crate::keys::index::Refill;
use crate::keys::{self, IndexedKey, SecretDigest, Tenant};
use crate::workspaces::{self, WorkspaceId};
use kit::db::{DbResult, Pool};

/// Keys read at once.
const BATCH: u64 = 1_000;

/// Keys read at once while all are loaded, about, and how many such reads there are at a time.
const RANGE: i64 = 1_000;
const AT_ONCE: usize = 2;

/// How often it is told how far a load has come.
const PROGRESS: Duration = Duration::from_secs(2);

impl Cluster {
    /// Applies every change there is; the last one's revision.
    pub(super) async fn catch_up(&self, app: &App) -> DbResult<i64> {
        let db = app.db.lease_pools().read;
        // Before looking: what is committed in between is not held against a look that was before it.
        let own = self.own();
        let target = store::current_revision(db).await?;
        self.note_current(target);
        let in_memory = own.iter().map(|(revision, _)| *revision).chain([self.applied()]).max().unwrap_or(0);
        if target < in_memory {
            self.doubt();
        }
        if self.applied() >= target && target > 0 {
            return Ok(self.applied());
        }
        loop {
            let changed = keys::changed_since(db, self.applied(), BATCH).await?;
            let Some(last) = changed.last().map(|key| key.revision) else { break };
            for key in &changed {
                // Its workspace may be younger than this node's memory.
                self.tenant(app, key.workspace).await?;
                app.index.apply(key);
            }
            // In the order of their revisions: up to here all are applied.
            self.set_applied(last);
        }
        // Keys changed past `target` are applied as well; the promise is about `target`.
        self.set_applied(self.applied().max(target));
        self.hold_against(db, own).await?;
        Ok(self.applied())
    }

    /// What this process has committed must be in the database by the time that it has read so far. If it is not, the
    /// database has lost it, and its number may have been given to another change.
    async fn hold_against(&self, db: &Pool, own: Vec<(i64, SecretDigest)>) -> DbResult<()> {
        let read: Vec<_> = own.into_iter().filter(|(revision, _)| *revision <= self.applied()).collect();
        if read.is_empty() {
            return Ok(());
        }
        let there = keys::revisions_of(db, read.iter().map(|(_, key)| *key).collect()).await?;
        if read.iter().any(|(revision, key)| there.get(key).is_none_or(|known| known < revision)) {
            self.doubt();
        }
        self.forget_own(&read);
        Ok(())
    }

    /// Fills the index anew, whatever was in it: it may stem from a database that has since forgotten a part of it, as a
    /// standby that took over before the last commits had reached it. Meanwhile no key is verified from memory.
    pub(super) async fn start_over(&self, app: &App) -> DbResult<()> {
        let db = app.db.read();
        let own = self.own();
        let target = store::current_revision(db).await?;
        self.load_tenants(app, db).await?;
        let total = keys::count(db).await?;
        let mut load = Load::new(app, total);
        // Where each begins is known beforehand, so that several are read at once.
        let range = range(total, target);
        let begins =
            std::iter::successors(Some(0), |after: &i64| after.checked_add(range)).take_while(move |after| *after < target);
        let ranges = stream::iter(begins).map(|after| read_apart(app, after, after.saturating_add(range).min(target)));
        let mut reads = ranges.buffered(AT_ONCE).boxed();
        while let Some(keys) = reads.next().await {
            load.take(&keys?).await?;
        }
        let mut last = target;
        loop {
            let keys = keys::changed_since(db, last, BATCH).await?;
            let Some(newest) = keys.last().map(|key| key.revision) else { break };
            load.take(&keys).await?;
            last = newest;
        }
        load.finish();
        // Whatever was changed since `target` is applied once more: it may have been overwritten above by what it was before.
        self.set_applied(target);
        self.forget_own(&own);
        app.key_counts.forget();
        Ok(())
    }

    async fn load_tenants(&self, app: &App, db: &Pool) -> DbResult<()> {
        for workspace in workspaces::all(db).await? {
            app.index.apply_tenant(Tenant::from(&workspace));
        }
        Ok(())
    }

    /// A workspace, from memory or, if it is new, from the database.
    pub async fn tenant(&self, app: &App, id: WorkspaceId) -> DbResult<Option<Arc<Tenant>>> {
        if let Some(known) = app.index.tenant(id) {
            return Ok(Some(known));
        }
        if let Some(workspace) = workspaces::find(app.db.read(), id).await? {
            app.index.apply_tenant(Tenant::from(&workspace));
        }
        Ok(app.index.tenant(id))
    }
}

/// Revisions in one read: more where keys have changed often and each has left many behind, but never so many that the
/// keys would be too many if they all had changed of late.
fn range(keys: u64, revisions: i64) -> i64 {
    let each = revisions / i64::try_from(keys).unwrap_or(i64::MAX).max(1);
    RANGE * each.clamp(1, 16)
}

/// Reads the keys of one range as a task of its own, so that what is read is put into words on whichever processor is free.
async fn read_apart(app: &App, after: i64, until: i64) -> DbResult<Vec<IndexedKey>> {
    let app = app.clone();
    let read = tokio::spawn(async move { keys::changed_between(app.db.read(), after, until).await });
    read.await.unwrap_or_else(|error| match error.try_into_panic() {
        // As if it had been read here.
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(cancelled) => Err(DbErr::Custom(cancelled.to_string())),
    })
}

/// An index on its way to be full.
struct Load<'a> {
    app: &'a App,
    refill: Refill<'a>,
    loaded: usize,
    total: u64,
    begun: Duration,
    told: Duration,
}

impl<'a> Load<'a> {
    fn new(app: &'a App, total: u64) -> Self {
        let more = total.saturating_sub(app.index.len() as u64);
        app.index.reserve(u32::try_from(more).unwrap_or(u32::MAX));
        let begun = app.clock.ticks();
        Self { app, refill: app.index.refill(), loaded: 0, total, begun, told: begun }
    }

    async fn take(&mut self, keys: &[IndexedKey]) -> DbResult<()> {
        for key in keys {
            // Its workspace may be younger than this node's memory.
            self.app.cluster.tenant(self.app, key.workspace).await?;
            self.refill.take(key);
        }
        self.loaded += keys.len();
        let now = self.app.clock.ticks();
        if now.saturating_sub(self.told) >= PROGRESS {
            self.told = now;
            tracing::info!(loaded = self.loaded, of = self.total, "loading keys");
        }
        Ok(())
    }

    fn finish(self) {
        self.refill.finish();
        let seconds = self.app.clock.ticks().saturating_sub(self.begun).as_secs_f64();
        tracing::info!(keys = self.app.index.len(), seconds, "keys are loaded");
    }
}
