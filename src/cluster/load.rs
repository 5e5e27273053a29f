//! The index, filled from the database.

use std::sync::Arc;

use super::node::Cluster;
use super::store;
use crate::app::App;
use crate::keys::{self, SecretDigest, Tenant};
use crate::kit::db::{DbResult, Pool};
use crate::workspaces::{self, WorkspaceId};

/// Keys read at once.
const BATCH: u64 = 5_000;

/// How often it is told how far a load has come.
const PROGRESS: std::time::Duration = std::time::Duration::from_secs(2);

impl Cluster {
    /// Applies every change there is; the last one's revision.
    pub(super) async fn catch_up(&self, app: &App) -> DbResult<i64> {
        let db = app.db.pulse().read;
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
        let (begun, total) = (app.clock.ticks(), keys::count(db).await?);
        app.index.reserve(u32::try_from(total).unwrap_or(u32::MAX).saturating_sub(u32::try_from(app.index.len()).unwrap_or(0)));
        let (mut last, mut loaded, mut told, mut refill) = (0, 0, begun, app.index.refill());
        loop {
            let keys = keys::changed_since(db, last, BATCH).await?;
            let Some(newest) = keys.last().map(|key| key.revision) else { break };
            for key in &keys {
                self.tenant(app, key.workspace).await?;
                refill.take(key);
            }
            (last, loaded) = (newest, loaded + keys.len());
            if app.clock.ticks().saturating_sub(told) >= PROGRESS {
                told = app.clock.ticks();
                tracing::info!(loaded, of = total, "loading keys");
            }
        }
        refill.finish();
        // Whatever was changed since `target` is applied once more: it may have been overwritten above by what it was before.
        self.set_applied(target);
        self.forget_own(&own);
        let took = app.clock.ticks().saturating_sub(begun);
        tracing::info!(keys = app.index.len(), seconds = took.as_secs_f64(), "keys are loaded");
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
