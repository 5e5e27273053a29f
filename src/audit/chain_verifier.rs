//! The state of each chain's verification in this process, so that a page need not walk over a million events each time.
//!
//! [`ChainVerifier::verify_new`] continues where it stopped last time. It walks a short log from its first event again: some
//! hundred events at each call, a few thousand once a minute. Each call compares the last verified event with the log: if it is
//! missing, the log was rewritten. One such call and one scan of a whole log run at a time in a workspace. A scan that was
//! interrupted resumes where it stopped.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::long_read::{Interrupted, LongRead, Pace};
use super::store;
use super::verify::{Fault, Position, Walk, walk};
use crate::core::Core;
use crate::limits::Limit;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, is_unavailable};
use kit::lock::lock;

/// Events that one call of [`ChainVerifier::verify_new`] walks over.
pub(super) const STEP: i64 = 5_000;

/// Events up to which every call walks a log from its first event.
const SHORT: i64 = 250;

/// The interval at which a log of up to [`STEP`] events is walked from its first event.
const REPEAT_INTERVAL: Duration = Duration::from_mins(1);

/// The verified part of every chain. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ChainVerifier(Arc<State>);

#[derive(Debug, Default)]
struct State {
    checkpoints: Mutex<HashMap<WorkspaceId, Checkpoint>>,
    /// Workspaces in which `verify_new` is running.
    stepping: Mutex<HashSet<WorkspaceId>>,
    /// Running scans, and the last event that each has verified.
    scans: Mutex<HashMap<WorkspaceId, i64>>,
    interrupted: Mutex<HashMap<WorkspaceId, Checkpoint>>,
}

/// The verified part of one chain.
#[derive(Clone, Debug)]
struct Checkpoint {
    position: Position,
    started_at: Time,
    /// The fault at which the last scan ended.
    fault: Option<Fault>,
}

impl Checkpoint {
    const fn start(now: Time) -> Self {
        Self { position: Position::START, started_at: now, fault: None }
    }
}

/// The verification of a chain, for its page.
#[derive(Clone, Debug)]
pub(super) struct ChainState {
    /// The last event that fits.
    pub(super) verified: i64,
    /// The last event that exists.
    pub(super) last: i64,
    /// The time at which the first event was read, if an earlier call read it.
    pub(super) started_at: Option<Time>,
    pub(super) fault: Option<Fault>,
    /// The last event that a running scan has verified.
    pub(super) scanned: Option<i64>,
}

/// The permit of a scan of a whole log, one per workspace at a time.
#[derive(Debug)]
pub(super) struct ScanPermit {
    verifier: ChainVerifier,
    read: LongRead,
}

impl Drop for ScanPermit {
    fn drop(&mut self) {
        lock(&self.verifier.0.scans).remove(&self.read.workspace);
    }
}

/// The outcome of a request for a scan.
#[derive(Debug)]
pub(super) enum ScanRequest {
    Admitted(ScanPermit),
    AlreadyRunning,
    /// The node scans as many logs as its limit allows.
    Busy,
}

/// The permit of `verify_new`, one per workspace at a time.
struct StepPermit<'a>(&'a State, WorkspaceId);

impl<'a> StepPermit<'a> {
    fn try_acquire(state: &'a State, workspace: WorkspaceId) -> Option<Self> {
        // Not `then_some`: a permit that is made and dropped would take that of the other caller away, and wait for this lock for ever.
        lock(&state.stepping).insert(workspace).then(|| Self(state, workspace))
    }
}

impl Drop for StepPermit<'_> {
    fn drop(&mut self) {
        lock(&self.0.stepping).remove(&self.1);
    }
}

impl ChainVerifier {
    /// Verifies about [`STEP`] events more of a chain, unless another call in this workspace is doing so.
    pub(super) async fn verify_new(&self, core: &Core, workspace: WorkspaceId) -> DbResult<ChainState> {
        let state = &*self.0;
        let now = core.clock.now();
        // Read before the checkpoint: a scan that ends in between is shown as running, not as if it had never run.
        let scanned = lock(&state.scans).get(&workspace).copied();
        let permit = StepPermit::try_acquire(state, workspace);
        let checkpoint = lock(&state.checkpoints).get(&workspace).cloned();
        let last = last(&core.db, workspace).await?;
        let is_present = match &checkpoint {
            Some(checkpoint) => contains(&core.db, workspace, checkpoint.position).await?,
            None => true,
        };
        let is_due = checkpoint.as_ref().is_none_or(|checkpoint| now.since(checkpoint.started_at) >= REPEAT_INTERVAL);
        let from_start = permit.is_some() && (last <= SHORT || last <= STEP && is_due);
        let from = checkpoint.clone().filter(|_| !from_start).unwrap_or(Checkpoint::start(now));
        let chain = |Walk { position, head, fault }| ChainState {
            verified: position.sequence,
            last: head.max(last),
            started_at: (from.position != Position::START).then_some(from.started_at),
            fault,
            scanned,
        };
        let missing = checkpoint.as_ref().filter(|_| !is_present);
        let rewritten = missing.map(|checkpoint| Fault::Rewritten { sequence: checkpoint.position.sequence });
        let fault = from.fault.clone().or_else(|| rewritten.clone().filter(|_| !from_start));
        if permit.is_none() || fault.is_some() {
            return Ok(chain(Walk { position: from.position, head: last, fault }));
        }
        let mut found = walk(&core.db, workspace, from.position, STEP).await?;
        found.fault = found.fault.or(rewritten);
        if found.fault.is_none() {
            let next = Checkpoint { position: found.position, ..from.clone() };
            self.save(workspace, checkpoint.map(|checkpoint| checkpoint.position), next);
        }
        Ok(chain(found))
    }

    /// Verifies about `STEP` events more of a chain, and returns the fault that was found.
    pub async fn fault(&self, core: &Core, workspace: WorkspaceId) -> DbResult<Option<Fault>> {
        Ok(self.verify_new(core, workspace).await?.fault)
    }

    /// Returns the fault at which the last scan of a whole log ended.
    pub fn known_fault(&self, workspace: WorkspaceId) -> Option<Fault> {
        lock(&self.0.checkpoints).get(&workspace).and_then(|checkpoint| checkpoint.fault.clone())
    }

    /// Saves a checkpoint, unless another was saved since `before` was read.
    fn save(&self, workspace: WorkspaceId, before: Option<Position>, next: Checkpoint) {
        let mut checkpoints = lock(&self.0.checkpoints);
        if checkpoints.get(&workspace).map(|checkpoint| checkpoint.position) == before {
            checkpoints.insert(workspace, next);
        }
    }

    /// Requests a scan of a whole log.
    pub(super) fn request_scan(&self, read: LongRead) -> ScanRequest {
        let mut scans = lock(&self.0.scans);
        if scans.contains_key(&read.workspace) {
            return ScanRequest::AlreadyRunning;
        }
        let limits = &read.core.limits;
        if scans.len() as u64 >= limits.chain_checks() {
            limits.count(Limit::NodeChainChecks);
            return ScanRequest::Busy;
        }
        scans.insert(read.workspace, 0);
        ScanRequest::Admitted(ScanPermit { verifier: self.clone(), read })
    }
}

impl ScanPermit {
    pub(super) fn read(&self) -> &LongRead {
        &self.read
    }

    /// Walks the chain from its first event, or from where a scan was interrupted, to the last. Stops early once the caller
    /// may not read any more.
    pub(super) async fn scan(self) -> DbResult<()> {
        let (state, workspace, db) = (&*self.verifier.0, self.read.workspace, &self.read.core.db);
        let Checkpoint { position, started_at, .. } = self.start().await?;
        let mut found = Walk { position, head: i64::MAX, fault: None };
        while found.fault.is_none() && found.position.sequence < found.head {
            lock(&state.scans).insert(workspace, found.position.sequence);
            let position = found.position;
            match self.step(position).await {
                Ok(step) => found = step,
                Err(interrupted) => {
                    lock(&state.interrupted).insert(workspace, Checkpoint { position, started_at, fault: None });
                    return match interrupted {
                        Interrupted::NoLongerAllowed => Ok(()),
                        Interrupted::Db(error) => Err(error),
                    };
                }
            }
        }
        let checkpoint = lock(&state.checkpoints).get(&workspace).cloned();
        if let Some(Checkpoint { position, .. }) = checkpoint
            && found.fault.is_none()
            && !contains(db, workspace, position).await?
        {
            found.fault = Some(Fault::Rewritten { sequence: position.sequence });
            found.position = position;
        }
        let Walk { position, fault, .. } = found;
        lock(&state.checkpoints).insert(workspace, Checkpoint { position, started_at, fault });
        Ok(())
    }

    async fn step(&self, from: Position) -> Result<Walk, Interrupted> {
        let _permit = self.read.next_batch().await?;
        Ok(walk(&self.read.core.db, self.read.workspace, from, STEP).await?)
    }

    /// Returns the checkpoint of an interrupted scan, if the log still contains its event.
    async fn start(&self) -> DbResult<Checkpoint> {
        let LongRead { core, workspace, .. } = &self.read;
        let interrupted = lock(&self.verifier.0.interrupted).remove(workspace);
        match interrupted {
            Some(checkpoint) if contains(&core.db, *workspace, checkpoint.position).await? => Ok(checkpoint),
            _ => Ok(Checkpoint::start(core.clock.now())),
        }
    }
}

/// Returns the sequence of the log's head. A head that cannot be read is reported by the walk.
async fn last(db: &Db, workspace: WorkspaceId) -> DbResult<i64> {
    match store::head(db.read(), workspace).await {
        Ok(head) => Ok(head.map_or(0, |head| head.sequence)),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(0),
    }
}

/// Returns whether the log still contains the event that a walk has verified.
async fn contains(db: &Db, workspace: WorkspaceId, position: Position) -> DbResult<bool> {
    match store::hash_at(db.read(), workspace, position.sequence).await {
        Ok(hash) => Ok(position == Position::START || hash == Some(hex::encode(position.hash))),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_step_of_a_workspace_waits_for_nothing_and_takes_nothing_away() {
        let (state, workspace) = (State::default(), WorkspaceId(uuid::Uuid::nil()));
        let first = StepPermit::try_acquire(&state, workspace).expect("the only one");
        for _ in 0..2 {
            assert!(StepPermit::try_acquire(&state, workspace).is_none());
        }
        drop(first);
        assert!(StepPermit::try_acquire(&state, workspace).is_some());
    }
}
