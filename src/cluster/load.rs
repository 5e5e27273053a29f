//! The index, filled from the database.

use std::collections::HashSet;
use std::sync::Arc;

use super::node::Cluster;
use super::store;
use crate::app::App;
use crate::keys::{self, SecretDigest, Tenant};
use crate::kit::db::DbResult;
use crate::workspaces::{self, WorkspaceId};

/// Keys read at once.
const BATCH: u64 = 5_000;

impl Cluster {
    /// Applies every change there is; the last one's revision.
    pub(super) async fn catch_up(&self, app: &App) -> DbResult<i64> {
        let db = app.db.pulse().read;
        let target = store::current_revision(db).await?;
        self.note_current(target);
        if self.applied() >= target && target > 0 {
            return Ok(self.applied());
        }
        self.load_tenants(app).await?;
        loop {
            let changed = keys::changed_since(db, self.applied(), BATCH).await?;
            let Some(last) = changed.last().map(|key| key.revision) else { break };
            for key in &changed {
                // Its workspace may be younger than the list above.
                self.tenant(app, key.workspace).await?;
                app.index.apply(key);
            }
            // In the order of their revisions: up to here all are applied.
            self.set_applied(last);
        }
        // Keys changed past `target` are applied as well; the promise is about `target`.
        self.set_applied(self.applied().max(target));
        Ok(self.applied())
    }

    /// Fills the index anew from a database that has forgotten what this node knows of it: one that a standby took over
    /// from, say, before the last commits had reached it. Meanwhile no key is verified from memory.
    pub(super) async fn start_over(&self, app: &App) -> DbResult<()> {
        let db = app.db.pulse().read;
        let target = store::current_revision(db).await?;
        self.load_tenants(app).await?;
        let (mut last, mut there) = (0, HashSet::<SecretDigest>::new());
        loop {
            let keys = keys::changed_since(db, last, BATCH).await?;
            let Some(newest) = keys.last().map(|key| key.revision) else { break };
            for key in &keys {
                self.tenant(app, key.workspace).await?;
                app.index.replace(key);
                there.insert(key.digest);
            }
            last = newest;
        }
        app.index.keep(|digest| there.contains(digest));
        // Whatever was changed since `target` is applied once more: it may have been overwritten above by what it was before.
        self.set_applied(target);
        Ok(())
    }

    async fn load_tenants(&self, app: &App) -> DbResult<()> {
        for workspace in workspaces::all(app.db.pulse().read).await? {
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
