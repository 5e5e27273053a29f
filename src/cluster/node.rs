//! This process as a node: its lease, and what earns it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use super::model::{Node, NodeId};
use super::store;
use crate::app::App;
use crate::keys::{self, IndexedKey, SecretDigest, format};
use kit::clock::{Clock, Time};
use kit::db::{DbResult, Fault, WritesRefused, is_unavailable};
use kit::http::ApiError;
use kit::lock::lock;

/// For how long a node may verify from memory what comes in after it last knew that it had every change.
pub const LEASE: Duration = Duration::from_secs(2);

/// What no row says: then it is not known what this node's row says.
const UNKNOWN: i64 = -1;

/// How long the result of a probe holds.
const PROBE_REUSE: Duration = Duration::from_millis(250);

/// The last write that was made only to be read back.
#[derive(Debug, Default)]
struct Probe {
    number: i64,
    /// In ticks.
    made_at: Option<Duration>,
    result: ProbeResult,
}

/// The outcome of a probe write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ProbeResult {
    /// It was read back.
    Stored,
    /// This node has no row to write to: its keys are not loaded, or others have removed it.
    #[default]
    NotJoined,
    /// It was not written, or not read back.
    Failed,
}

/// This process's part in keeping every node's memory true.
#[derive(Debug)]
pub struct Cluster {
    pub(super) id: NodeId,
    /// The last revision in memory.
    applied: AtomicI64,
    /// The last revision that this node's row is known to say.
    said: AtomicI64,
    /// The last revision that was seen in the database.
    current: AtomicI64,
    /// Changes of this process's own that are in memory, and that the feed has not brought yet.
    own: Mutex<Vec<(i64, SecretDigest)>>,
    lease_until: AtomicU64,
    /// Whether the database did not answer when it was last read for changes.
    is_cut_off: AtomicBool,
    pub(super) is_prompt: AtomicBool,
    probe: tokio::sync::Mutex<Probe>,
    /// Where it listens, and since when.
    joined: OnceLock<(String, Time)>,
}

impl Cluster {
    /// A process that has not joined: it may change keys, but does not verify any.
    pub fn new(id: NodeId) -> Self {
        Self {
            id,
            applied: AtomicI64::new(0),
            said: AtomicI64::new(0),
            current: AtomicI64::new(0),
            own: Mutex::default(),
            lease_until: AtomicU64::new(0),
            is_cut_off: AtomicBool::new(false),
            is_prompt: AtomicBool::new(false),
            probe: tokio::sync::Mutex::default(),
            joined: OnceLock::new(),
        }
    }

    /// Whether this node may verify from memory what came in at so many ticks of its clock.
    pub fn has_lease(&self, ticks: Duration) -> bool {
        micros(ticks) < self.lease_until.load(Ordering::Acquire)
    }

    /// The last revision this node has applied.
    pub fn applied(&self) -> i64 {
        self.applied.load(Ordering::Acquire)
    }

    /// How many changes the database is known to have that this node has not applied.
    pub fn lag(&self) -> i64 {
        (self.current.load(Ordering::Relaxed) - self.applied()).max(0)
    }

    /// How much of the lease is left.
    pub fn lease_left(&self, clock: &Clock) -> Duration {
        Duration::from_micros(self.lease_until.load(Ordering::Acquire).saturating_sub(micros(clock.ticks())))
    }

    /// Whether this node hears of changes at once, rather than at its next look.
    pub fn is_prompt(&self) -> bool {
        self.is_prompt.load(Ordering::Relaxed)
    }

    pub(super) fn set_applied(&self, revision: i64) {
        self.applied.store(revision, Ordering::Release);
    }

    /// Notes the last revision there is.
    pub(super) fn note_current(&self, revision: i64) {
        self.current.store(revision, Ordering::Relaxed);
    }

    /// Notes that the database has lost what is in memory: then its row of this node is not this node's word either.
    pub(super) fn doubt(&self) {
        self.said.store(UNKNOWN, Ordering::Relaxed);
    }

    /// Notes a change that this process has committed and has in memory.
    pub fn note_own(&self, revision: i64, key: SecretDigest) {
        lock(&self.own).push((revision, key));
    }

    /// The changes of this process's own that the database has to know.
    pub(super) fn own(&self) -> Vec<(i64, SecretDigest)> {
        lock(&self.own).clone()
    }

    /// They are in the database, or given up.
    pub(super) fn forget_own(&self, changes: &[(i64, SecretDigest)]) {
        lock(&self.own).retain(|change| !changes.contains(change));
    }

    /// Loads every key, writes this node's row, and looks for changes once more: one that commits before the row is there
    /// is seen by that look, and one that commits later finds the row and waits. While keys are loaded nobody waits. An
    /// attempt that is repeated begins with the load: the database may be another by then.
    pub async fn join(&self, app: &App, address: &str) -> DbResult<()> {
        self.joined.get_or_init(|| (address.to_owned(), app.clock.now()));
        let loaded = self.start_over(app).await;
        self.is_cut_off.store(loaded.as_ref().is_err_and(is_unavailable), Ordering::Relaxed);
        loaded?;
        self.insert(app).await?;
        self.beat(app).await
    }

    /// Gives the lease back.
    pub async fn leave(&self, app: &App) -> DbResult<()> {
        self.lease_until.store(0, Ordering::Release);
        store::delete(app.db.lease_pools().write, self.id).await
    }

    /// Applies every change there is, then renews the lease as of the time before looking.
    pub async fn beat(&self, app: &App) -> DbResult<()> {
        loop {
            let before = app.clock.ticks();
            let read = self.read(app).await;
            self.is_cut_off.store(read.as_ref().is_err_and(is_unavailable), Ordering::Relaxed);
            if read.is_err() && self.applied() != self.said.load(Ordering::Relaxed) {
                // It has applied what its row does not say: the database may have forgotten that when it answers again.
                self.doubt();
            }
            let revision = read?;
            let said = self.said.load(Ordering::Relaxed);
            if said != revision {
                // If this fails, the row may say either.
                self.doubt();
            }
            app.db.require_same_file()?;
            if app.db.storage().health().fault().is_some() {
                // On a full disk the log may be what fills it. If this fails, so does the renewal below, which is reported.
                let _reported_below = app.db.reclaim_log().await;
            }
            let until = app.clock.now().after(LEASE);
            if store::renew(app.db.lease_pools().write, self.id, said, revision, until).await? {
                self.read_back(app, |row| row.applied_revision == revision && row.lease_until == until).await?;
                self.said.store(revision, Ordering::Relaxed);
                self.lease_until.store(micros(before + LEASE), Ordering::Release);
                app.db.storage().recover().await;
                return Ok(());
            }
            self.join_again(app).await?;
            // Changes made while the row was gone did not wait for this node: look once more.
        }
    }

    /// Reads this node's row over another connection than the one that wrote it. Fails with [`Fault::Unconfirmed`], and stops
    /// ordinary writes, if it is not as it was written: what that connection confirms is not stored.
    async fn read_back(&self, app: &App, is_as_written: impl Fn(&Node) -> bool) -> DbResult<()> {
        if store::find(app.db.lease_pools().read, self.id).await?.as_ref().is_some_and(is_as_written) {
            return Ok(());
        }
        self.doubt();
        app.db.storage().health().report(Fault::Unconfirmed);
        Err(WritesRefused::Fault(Fault::Unconfirmed).into())
    }

    /// Writes a new number to this node's row and reads it back over another connection. For `/readiness`: one probe at a
    /// time, whose result holds for a quarter of a second.
    pub async fn probe(&self, app: &App) -> ProbeResult {
        let mut last = self.probe.lock().await;
        let now = app.clock.ticks();
        if last.made_at.is_none_or(|at| now.saturating_sub(at) >= PROBE_REUSE) {
            let number = last.number + 1;
            let result = self.try_probe(app, number).await.unwrap_or(ProbeResult::Failed);
            *last = Probe { number, made_at: Some(now), result };
        }
        last.result
    }

    async fn try_probe(&self, app: &App, number: i64) -> DbResult<ProbeResult> {
        app.db.require_same_file()?;
        if !store::set_probe(app.db.lease_pools().write, self.id, number).await? {
            return Ok(ProbeResult::NotJoined);
        }
        self.read_back(app, |row| row.probe == number).await?;
        Ok(ProbeResult::Stored)
    }

    /// Reads the time and every change there is; the last one's revision.
    async fn read(&self, app: &App) -> DbResult<i64> {
        let asked = app.clock.ticks();
        if let Some(reading) = app.db.time().await? {
            app.clock.follow(reading, asked, app.clock.ticks());
        }
        self.catch_up(app).await
    }

    /// The row is gone, or is not what this node wrote. Either the others have given this node up, or the database has
    /// lost something that it had confirmed; in the second case what is in memory may never have been. Begin anew.
    async fn join_again(&self, app: &App) -> DbResult<()> {
        self.lease_until.store(0, Ordering::Release);
        // The row is not deleted: a statement that was given up on may still arrive, and must not take away the row of a
        // node that has its lease by then.
        if store::find(app.db.lease_pools().read, self.id).await?.is_some() {
            // Until a renewal has been read back, nothing is stored on this node's word.
            app.db.storage().health().report(Fault::Unconfirmed);
            tracing::warn!("this node's row is not as it was written; rejoining with a full reload");
        } else {
            tracing::info!("lease expired and the row was removed by other nodes; rejoining with a full reload");
        }
        self.start_over(app).await?;
        self.insert(app).await
    }

    /// Whether this process has begun to join, as opposed to a command.
    pub(super) fn has_joined(&self) -> bool {
        self.joined.get().is_some()
    }

    /// The id of this process among the nodes.
    pub fn id(&self) -> NodeId {
        self.id
    }

    async fn insert(&self, app: &App) -> DbResult<()> {
        let now = app.clock.now();
        let (address, started_at) = self.joined.get().cloned().unwrap_or_else(|| (String::new(), now));
        let node = Node {
            id: self.id,
            name: app.config.node_name.clone(),
            address,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            applied_revision: 0,
            lease_until: now.after(LEASE),
            probe: 0,
        };
        store::insert_run(app.db.lease_pools().write, &node).await?;
        store::insert(app.db.lease_pools().write, node).await?;
        self.said.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Past its lease, a node asks the database about the one key that was presented, or answers 503.
    pub async fn ask(&self, app: &App, presented: &[u8]) -> Result<Option<IndexedKey>, ApiError> {
        let Ok(digest) = format::digest_of(presented) else { return Ok(None) };
        // The file that is still open is not the one that others change.
        let is_orphaned = app.db.storage().health().fault() == Some(Fault::Replaced);
        if is_orphaned || self.is_cut_off.load(Ordering::Relaxed) {
            // Known already: nobody is kept waiting for it.
            return Err(ApiError::unavailable());
        }
        match tokio::time::timeout(LEASE, keys::find_by_digest(app.db.read(), digest)).await {
            Ok(Ok(Some(key))) => {
                let facts = IndexedKey::from(&key);
                self.tenant(app, facts.workspace).await?;
                // Not to be trusted, but to go on counting where it is known.
                app.index.apply(&facts);
                Ok(Some(facts))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(_)) | Err(_) => Err(ApiError::unavailable()),
        }
    }
}

fn micros(ticks: Duration) -> u64 {
    u64::try_from(ticks.as_micros()).unwrap_or(u64::MAX)
}
