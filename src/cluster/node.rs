//! This process as a node: its lease, and the loop that earns it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::silent::Silent;
use super::store;
use crate::app::App;
use crate::keys::{self, Tenant, format};
use crate::kit::clock::Clock;
use crate::kit::db::DbResult;
use crate::kit::http::ApiError;
use crate::workspaces::{self, WorkspaceId};

/// How long a node may verify from memory after it last knew that it had every change.
pub const LEASE: Duration = Duration::from_secs(2);

/// How often a lease is renewed when nothing happens.
const BEAT: Duration = Duration::from_millis(500);

/// How often this node looks whether another process has written to the same file.
const GLANCE: Duration = Duration::from_millis(20);

/// How often a change looks whether the other nodes have it.
const RECHECK: Duration = Duration::from_millis(5);

/// By then every lease that was earned before has run out, even by a clock that ticks a little slower than ours.
pub(super) const PATIENCE: Duration = LEASE.saturating_add(Duration::from_millis(50));

/// Keys read at once.
const BATCH: u64 = 5_000;

/// This process's part in keeping every node's memory true.
#[derive(Debug)]
pub struct Cluster {
    id: Uuid,
    applied: AtomicI64,
    lease_until: AtomicU64,
    is_member: AtomicBool,
    address: OnceLock<String>,
}

impl Cluster {
    /// A process that has not joined: it may change keys, but does not verify any.
    pub fn new(id: Uuid) -> Self {
        let (applied, lease_until, is_member) = (AtomicI64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        Self { id, applied, lease_until, is_member, address: OnceLock::new() }
    }

    /// Whether this node may verify from memory.
    pub fn has_lease(&self, clock: &Clock) -> bool {
        micros(clock.ticks()) < self.lease_until.load(Ordering::Acquire)
    }

    /// The last revision this node has applied.
    pub fn applied(&self) -> i64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// How much of the lease is left.
    pub fn lease_left(&self, clock: &Clock) -> Duration {
        Duration::from_micros(self.lease_until.load(Ordering::Acquire).saturating_sub(micros(clock.ticks())))
    }

    /// Writes this node's row, then loads every key: a change that commits in between finds the row and waits.
    pub async fn join(&self, app: &App, address: &str) -> DbResult<()> {
        self.address.get_or_init(|| address.to_owned());
        self.renew(app, 0).await?;
        self.is_member.store(true, Ordering::Release);
        self.beat(app).await
    }

    /// Gives the lease back.
    pub async fn leave(&self, app: &App) -> DbResult<()> {
        self.is_member.store(false, Ordering::Release);
        self.lease_until.store(0, Ordering::Release);
        let tx = app.db.begin().await?;
        store::delete(&tx, self.id).await?;
        tx.commit().await
    }

    /// Applies every change there is, then renews the lease as of the time before looking.
    pub async fn beat(&self, app: &App) -> DbResult<()> {
        loop {
            let before = app.clock.ticks();
            let revision = self.catch_up(app).await?;
            if self.renew(app, revision).await? {
                self.lease_until.store(micros(before + LEASE), Ordering::Release);
                return Ok(());
            }
            // The row was gone, and is there again. Changes made meanwhile did not wait for this node: look once more.
        }
    }

    /// Says that this node has applied `revision`; false if its row was gone, and only now is there again.
    async fn renew(&self, app: &App, revision: i64) -> DbResult<bool> {
        let (tx, now) = (app.db.begin().await?, app.clock.now());
        let is_known = store::renew(&tx, self.id, revision, now.after(LEASE)).await?;
        if !is_known {
            let address = self.address.get().cloned().unwrap_or_default();
            store::insert(&tx, self.id, now, now.after(LEASE), address).await?;
        }
        tx.commit().await?;
        Ok(is_known)
    }

    async fn catch_up(&self, app: &App) -> DbResult<i64> {
        let target = store::current_revision(app.db.read()).await?;
        let mut applied = self.applied.load(Ordering::Acquire);
        if applied >= target && target > 0 {
            return Ok(target);
        }
        for workspace in workspaces::all(app.db.read()).await? {
            app.index.apply_tenant(Tenant::from(&workspace));
        }
        loop {
            let changed = keys::changed_since(app.db.read(), applied, BATCH).await?;
            let Some(last) = changed.last().map(|key| key.revision) else { break };
            for key in &changed {
                // Its workspace may be younger than the list above.
                self.tenant(app, key.workspace).await?;
                app.index.apply(key);
            }
            applied = last;
        }
        // Keys changed past `target` are applied as well; the promise is about `target`.
        self.applied.store(applied.max(target), Ordering::Release);
        Ok(applied.max(target))
    }

    /// Keeps the lease until `stop`, waking at once when another process has written.
    pub async fn run(&self, app: &App, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (mut seen, mut due, mut silent) = (None, Instant::now(), Silent::default());
        loop {
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                () = &mut stop => return,
            }
            let version = app.db.version().await.ok();
            let has_news = version != seen && self.is_behind(app).await;
            seen = version;
            if has_news || Instant::now() >= due {
                due = Instant::now() + BEAT;
                if let Err(error) = self.beat(app).await {
                    tracing::warn!(%error, "the lease could not be renewed");
                } else if let Err(error) = silent.forget(app, self.id).await {
                    tracing::warn!(%error, "nodes that have ended could not be forgotten");
                }
            }
        }
    }

    async fn is_behind(&self, app: &App) -> bool {
        let current = store::current_revision(app.db.read()).await;
        current.map_or(true, |current| current > self.applied.load(Ordering::Acquire))
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

    /// Past its lease, a node asks the database about the one key that was presented, or answers 503.
    pub async fn refresh(&self, app: &App, presented: &[u8]) -> Result<(), ApiError> {
        let Ok(digest) = format::digest_of(presented) else { return Ok(()) };
        let found = tokio::time::timeout(LEASE, keys::find_by_digest(app.db.read(), digest)).await;
        match found {
            Ok(Ok(Some(key))) => {
                self.tenant(app, key.workspace).await?;
                app.index.apply(&key);
                Ok(())
            }
            Ok(Ok(None)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ApiError::unavailable()),
        }
    }

    /// Waits until no other node can still accept what `revision`, which has been committed, changed.
    ///
    /// Either every node says that it has applied it, or so much time has passed that no lease earned before the
    /// commit can be left. The second needs no answer from anyone: this cannot fail, and wall clocks do not matter.
    pub async fn wait_for_others(&self, app: &App, revision: i64) {
        let longest = Instant::now() + PATIENCE;
        loop {
            // The change is committed: a hiccup here must not be told as a failure to commit.
            if let Ok(0) = store::count_behind(app.db.read(), self.id, revision).await {
                return;
            }
            if Instant::now() >= longest {
                break;
            }
            tokio::time::sleep(RECHECK).await;
        }
        // Nodes that are alive write their rows again before they trust their memory; the next change need not wait.
        if let Err(error) = store::delete_behind(&app.db, self.id, revision).await {
            tracing::warn!(%error, "nodes that have ended could not be forgotten");
        }
    }
}

fn micros(ticks: Duration) -> u64 {
    u64::try_from(ticks.as_micros()).unwrap_or(u64::MAX)
}
