//! Following the changes in the database: incrementally at each heartbeat, by a full reload when a node joins.

use super::node::Cluster;
use super::replica::LocalChange;
use super::store;
use kit::db::DbResult;

impl Cluster {
    /// Applies all changes up to the current revision. Returns the last revision that is applied.
    pub(super) async fn catch_up(&self) -> DbResult<i64> {
        // Taken before the current revision is read: a change that commits in between need not be part of this read.
        let pending = self.pending_local_changes();
        let current = store::current_revision(self.core.db.lease_pools().read).await?;
        self.note_current(current);
        let in_memory = pending.iter().map(|change| change.revision).fold(self.applied(), i64::max);
        if current < in_memory {
            self.note_lost_changes();
        }
        if self.applied() >= current && current > 0 {
            return Ok(self.applied());
        }
        while let Some(last) = self.replica.apply_after(self.applied()).await? {
            self.set_applied(last);
        }
        // Changes past `current` may be applied as well; the caller only relies on `current`.
        self.set_applied(self.applied().max(current));
        self.check_local_changes(pending).await?;
        Ok(self.applied())
    }

    /// Checks that the database has each change that this process committed, up to the last applied revision. If one is
    /// missing, the database has lost it and may have given its revision to another change.
    async fn check_local_changes(&self, mut pending: Vec<LocalChange>) -> DbResult<()> {
        pending.retain(|change| change.revision <= self.applied());
        if pending.is_empty() {
            return Ok(());
        }
        if !self.replica.are_stored(&pending).await? {
            self.note_lost_changes();
        }
        self.forget_local_changes(&pending);
        Ok(())
    }

    /// Replaces the replica by the state of the database. The replica may stem from a database that has since lost a part of
    /// it, such as a standby that took over before it had received the last commits. No key is verified from memory meanwhile.
    pub(super) async fn reload(&self) -> DbResult<()> {
        let pending = self.pending_local_changes();
        let current = store::current_revision(self.core.db.read()).await?;
        self.replica.reload(current).await?;
        // Later changes are applied again by the next catch-up: the reload may have overwritten them by older values.
        self.set_applied(current);
        self.forget_local_changes(&pending);
        Ok(())
    }
}
