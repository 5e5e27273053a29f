//! This process as a node: its lease, and the conditions for renewing it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::model::{KEY_RULES, LEASE, LOG_FORMAT, Node, NodeId, UNKNOWN};
use super::replica::{LocalChange, Replica};
use super::store;
use crate::core::Core;
use kit::clock::{Clock, Time};
use kit::db::{DbResult, Fault, WritesRefused, is_unavailable};
use kit::lock::lock;

/// The time for which the result of a probe is reused.
const PROBE_REUSE: Duration = Duration::from_millis(250);

/// The last probe write.
#[derive(Debug, Default)]
struct Probe {
    number: i64,
    /// In ticks of the monotonic clock.
    made_at: Option<Duration>,
    result: ProbeResult,
}

/// The outcome of a probe write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ProbeResult {
    /// The number was read back.
    Stored,
    /// This node has no row to write to: its keys are not loaded, or other nodes have removed it.
    #[default]
    NotJoined,
    /// The number was not written, or not read back.
    Failed,
}

/// This process's part in keeping the memory of all nodes consistent with the database.
#[derive(Debug)]
pub struct Cluster {
    pub(super) core: Core,
    pub(super) replica: Arc<dyn Replica>,
    pub(super) id: NodeId,
    /// The last revision in memory.
    applied: AtomicI64,
    /// The last revision that was written to this node's row, or [`UNKNOWN`].
    last_written_revision: AtomicI64,
    /// The last revision that was seen in the database.
    current: AtomicI64,
    /// Changes that this process committed and applied, and that it has not read from the database yet.
    local_changes: Mutex<Vec<LocalChange>>,
    /// In ticks, as microseconds.
    lease_until: AtomicU64,
    /// The end of the last lease that was read back from this node's row, by the database's clock, in microseconds.
    confirmed_lease: AtomicI64,
    /// Set if the database lacks a change that this node has applied.
    has_lost_changes: AtomicBool,
    /// Set if the database did not respond when it was last read for changes.
    is_cut_off: AtomicBool,
    pub(super) notifications_live: AtomicBool,
    probe: tokio::sync::Mutex<Probe>,
    /// The address this node listens on, and the time it joined.
    joined: OnceLock<(String, Time)>,
}

impl Cluster {
    /// Creates the part of a process that has not joined: it may change keys, but verifies none from memory.
    pub fn new(core: Core, replica: Arc<dyn Replica>, id: NodeId) -> Self {
        Self {
            core,
            replica,
            id,
            applied: AtomicI64::new(0),
            last_written_revision: AtomicI64::new(0),
            current: AtomicI64::new(0),
            local_changes: Mutex::default(),
            lease_until: AtomicU64::new(0),
            confirmed_lease: AtomicI64::new(0),
            has_lost_changes: AtomicBool::new(false),
            is_cut_off: AtomicBool::new(false),
            notifications_live: AtomicBool::new(false),
            probe: tokio::sync::Mutex::default(),
            joined: OnceLock::new(),
        }
    }

    /// Returns whether this node may verify from memory a request that arrived at `ticks`.
    pub fn has_lease(&self, ticks: Duration) -> bool {
        micros(ticks) < self.lease_until.load(Ordering::Acquire)
    }

    /// Returns the last revision that this node has applied.
    pub fn applied(&self) -> i64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Returns how many revisions this node is behind the last one that it has seen in the database.
    pub fn lag(&self) -> i64 {
        (self.current.load(Ordering::Relaxed) - self.applied()).max(0)
    }

    /// Returns the time until the lease expires, zero if it has.
    pub fn lease_left(&self, clock: &Clock) -> Duration {
        Duration::from_micros(self.lease_until.load(Ordering::Acquire).saturating_sub(micros(clock.ticks())))
    }

    /// Returns whether the database notifies this node of changes; otherwise it polls.
    pub fn notifications_live(&self) -> bool {
        self.notifications_live.load(Ordering::Relaxed)
    }

    /// Returns true if the database did not respond when it was last read for changes.
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Ordering::Relaxed)
    }

    pub(super) fn set_applied(&self, revision: i64) {
        self.applied.store(revision, Ordering::Release);
    }

    pub(super) fn note_current(&self, revision: i64) {
        self.current.store(revision, Ordering::Relaxed);
    }

    /// Notes that this node's row may not say what this node last wrote, so that the next renewal fails and the node rejoins.
    pub(super) fn distrust_own_row(&self) {
        self.last_written_revision.store(UNKNOWN, Ordering::Relaxed);
    }

    /// Notes that the database lacks a change that this node has applied, so that the next renewal fails and the node rejoins.
    pub(super) fn note_lost_changes(&self) {
        self.has_lost_changes.store(true, Ordering::Relaxed);
        self.distrust_own_row();
    }

    /// Notes a change that this process has committed and applied, to be checked against the database by the next heartbeat.
    pub fn note_pending_local_change(&self, change: LocalChange) {
        lock(&self.local_changes).push(change);
    }

    pub(super) fn pending_local_changes(&self) -> Vec<LocalChange> {
        lock(&self.local_changes).clone()
    }

    pub(super) fn forget_local_changes(&self, changes: &[LocalChange]) {
        lock(&self.local_changes).retain(|change| !changes.contains(change));
    }

    /// Loads all keys, writes this node's row, and applies later changes: a change that commits before the row exists is
    /// among them, and a change that commits afterwards waits for this node. While keys are loaded, no change has to wait.
    ///
    /// A repeated attempt begins with the load, as the database may be another one by then.
    pub async fn join(&self, address: &str) -> DbResult<()> {
        self.joined.get_or_init(|| (address.to_owned(), self.core.clock.now()));
        let loaded = self.reload().await;
        self.is_cut_off.store(loaded.as_ref().is_err_and(is_unavailable), Ordering::Relaxed);
        loaded?;
        self.insert().await?;
        self.heartbeat().await
    }

    /// Ends the lease and deletes this node's row.
    pub async fn leave(&self) -> DbResult<()> {
        self.lease_until.store(0, Ordering::Release);
        store::delete(self.core.db.lease_pools().write, self.id).await
    }

    /// Applies all changes, then renews the lease as of the time before they were read.
    pub async fn heartbeat(&self) -> DbResult<()> {
        let db = &self.core.db;
        loop {
            let before = self.core.clock.ticks();
            let read = self.read_changes().await;
            self.is_cut_off.store(read.as_ref().is_err_and(is_unavailable), Ordering::Relaxed);
            if read.is_err() && self.applied() != self.last_written_revision.load(Ordering::Relaxed) {
                // Changes are applied that the row does not confirm: the database may have lost them when it responds again.
                self.distrust_own_row();
            }
            let revision = read?;
            let last_written = self.last_written_revision.load(Ordering::Relaxed);
            if last_written != revision {
                // If the renewal fails, the row may hold either revision.
                self.distrust_own_row();
            }
            db.require_same_file()?;
            if db.storage().health().fault().is_some() {
                // On a full disk the log may be what fills it. If this fails, so does the renewal below, which is reported.
                let _reported_below = db.reclaim_log().await;
            }
            let until = self.core.clock.now().after(LEASE);
            if store::renew(db.lease_pools().write, self.id, last_written, revision, until).await? {
                self.read_back(|row| row.applied_revision == revision && row.lease_until == until).await?;
                self.last_written_revision.store(revision, Ordering::Relaxed);
                self.confirmed_lease.store(until.micros(), Ordering::Relaxed);
                self.lease_until.store(micros(before + LEASE), Ordering::Release);
                db.storage().recover().await;
                return Ok(());
            }
            self.rejoin(last_written).await?;
            // Changes that committed while the row was missing did not wait for this node: read them now.
        }
    }

    /// Reads this node's row over another connection than the one that wrote it. Fails with [`Fault::Unconfirmed`], and stops
    /// ordinary writes, if it differs from what was written: what that connection confirms is not stored.
    async fn read_back(&self, is_as_written: impl Fn(&Node) -> bool) -> DbResult<()> {
        if store::find(self.core.db.lease_pools().read, self.id).await?.as_ref().is_some_and(is_as_written) {
            return Ok(());
        }
        self.distrust_own_row();
        self.core.db.storage().health().report(Fault::Unconfirmed);
        Err(WritesRefused::Fault(Fault::Unconfirmed).into())
    }

    /// Writes a new number to this node's row and reads it back over another connection, for `/readiness`. One probe runs at a
    /// time, and its result is reused for a quarter of a second.
    pub async fn probe(&self) -> ProbeResult {
        let mut last = self.probe.lock().await;
        let now = self.core.clock.ticks();
        if last.made_at.is_none_or(|at| now.saturating_sub(at) >= PROBE_REUSE) {
            let number = last.number + 1;
            let result = self.try_probe(number).await.unwrap_or(ProbeResult::Failed);
            *last = Probe { number, made_at: Some(now), result };
        }
        last.result
    }

    async fn try_probe(&self, number: i64) -> DbResult<ProbeResult> {
        self.core.db.require_same_file()?;
        if !store::set_probe(self.core.db.lease_pools().write, self.id, number).await? {
            return Ok(ProbeResult::NotJoined);
        }
        self.read_back(|row| row.probe == number).await?;
        Ok(ProbeResult::Stored)
    }

    /// Reads the database's time and applies all changes. Returns the last revision that is applied.
    async fn read_changes(&self) -> DbResult<i64> {
        let clock = &self.core.clock;
        let asked = clock.ticks();
        if let Some(reading) = self.core.db.time().await? {
            clock.follow(reading, asked, clock.ticks());
        }
        self.catch_up().await
    }

    /// Joins again with a full reload, after a renewal has not found `last_written` in the row of this node. Other nodes have
    /// removed the row, the database has lost confirmed writes, or the result of the last renewal is unknown. In the last two
    /// cases, changes in memory may never have happened.
    async fn rejoin(&self, last_written: i64) -> DbResult<()> {
        self.lease_until.store(0, Ordering::Release);
        // The row is not deleted: a delete that timed out here may still arrive, and must not remove the row of a node that
        // has a lease again by then.
        match store::find(self.core.db.lease_pools().read, self.id).await? {
            None => tracing::info!("lease expired, removed by peers: rejoining with a full reload"),
            Some(row) if self.lacks_confirmed_writes(&row, last_written) => {
                // Ordinary writes stop until a renewal has been read back.
                self.core.db.storage().health().report(Fault::Unconfirmed);
                tracing::warn!("database lost this node's writes: rejoining with a full reload");
            }
            Some(_) => tracing::info!("the result of a renewal is unknown: rejoining with a full reload"),
        }
        self.reload().await?;
        self.insert().await?;
        self.has_lost_changes.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Returns whether `row` proves that the database has lost writes of this node that it had confirmed. A row that holds the
    /// last renewal, or the one before, proves nothing if the result of the last is unknown.
    fn lacks_confirmed_writes(&self, row: &Node, last_written: i64) -> bool {
        last_written != UNKNOWN
            || self.has_lost_changes.load(Ordering::Relaxed)
            || row.lease_until.micros() < self.confirmed_lease.load(Ordering::Relaxed)
    }

    /// Returns whether this process has begun to join. A command never does.
    pub(super) fn has_joined(&self) -> bool {
        self.joined.get().is_some()
    }

    pub fn id(&self) -> NodeId {
        self.id
    }

    async fn insert(&self) -> DbResult<()> {
        let now = self.core.clock.now();
        let (address, started_at) = self.joined.get().cloned().unwrap_or_else(|| (String::new(), now));
        let node = Node {
            id: self.id,
            name: self.core.config.node_name.clone(),
            address,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            applied_revision: 0,
            lease_until: now.after(LEASE),
            probe: 0,
            log_format: LOG_FORMAT,
            // Signing secrets are sealed.
            delivers: self.core.config.secret_keys.is_some(),
            key_rules: KEY_RULES,
        };
        let db = self.core.db.lease_pools().write;
        store::insert_run(db, &node).await?;
        store::insert(db, node).await?;
        self.last_written_revision.store(0, Ordering::Relaxed);
        Ok(())
    }
}

fn micros(ticks: Duration) -> u64 {
    u64::try_from(ticks.as_micros()).unwrap_or(u64::MAX)
}
