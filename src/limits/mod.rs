//! Rate limits and quotas of members, workspaces and nodes.
//!
//! Invariants
//! - Requests that revoke access have a rate limit of their own: no other limit and no quota of bytes refuses them.
//! - All state is in memory, bounded, and local to the node. Rates and bytes are divided by the number of live nodes.
//! - Safety reports are counted here only: no table and no log line connects a report with a member.
//!
//! - `settings` names, defaults and `--limits`; `rates` rate limits of requests; `bytes` bytes stored in a day
//! - `shares` database connections; `exports` running exports; `waits` calls that wait for changes
//! - `moment` time and number of nodes; `refusal` the errors and their responses

mod bytes;
mod exports;
mod moment;
mod rates;
mod refusal;
mod settings;
mod shares;
mod waits;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, RequestConnections, WritesRefused};

pub use exports::{Exporter, Slot};
pub use moment::Moment;
pub use rates::{Call, Group, Requester};
pub use refusal::{Exceeded, ExportRefused, Limited};
pub use settings::{Limit, Setting, Settings};
pub use shares::{Permit, ShareExhausted};
pub use waits::Wait;

use bytes::Bytes;
use exports::Exports;
use rates::Rates;
use shares::Shares;
use waits::Waits;

/// The time that a read waits for a connection of its workspace's share.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The time that a write waits: longer than a frozen node can hold a lock.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);

/// The limits of this node and their current use.
#[derive(Debug)]
pub struct NodeLimits {
    settings: Settings,
    rates: Rates,
    bytes: Bytes,
    readers: Shares,
    writers: Shares,
    exports: Exports,
    waits: Waits,
    refused: [AtomicU64; Limit::ALL.len()],
    /// Live nodes, this one included.
    nodes: AtomicU32,
}

impl NodeLimits {
    /// Creates the limits of a node with these database connections.
    pub fn new(settings: Settings, connections: RequestConnections) -> Self {
        Self {
            rates: Rates::new(&settings),
            bytes: Bytes::new(settings.get(Limit::StoredBytes)),
            readers: Shares::new(connections.read, READ_TIMEOUT),
            writers: Shares::new(connections.write, WRITE_TIMEOUT),
            exports: Exports::new(&settings),
            waits: Waits::new(&settings),
            refused: [const { AtomicU64::new(0) }; Limit::ALL.len()],
            nodes: AtomicU32::new(1),
            settings,
        }
    }

    /// Sets the number of live nodes, this one included, that share each limit.
    pub fn set_nodes(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    pub fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Returns the moment at these ticks of the monotonic clock, with the number of live nodes.
    pub fn moment(&self, at: Duration) -> Moment {
        Moment { at, nodes: self.nodes() }
    }

    /// Counts a request of a member, or refuses it.
    pub fn admit_member(&self, requester: Requester, call: Call, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.try_acquire_member(requester, call, moment))?;
        if call == Call::Write { self.has_bytes_left(requester.workspace, moment) } else { Ok(()) }
    }

    /// Counts a write with a key of the workspace, or refuses it.
    pub fn admit_key_write(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.try_acquire_key_write(workspace, moment))?;
        self.has_bytes_left(workspace, moment)
    }

    /// Counts a safety report of a member, or refuses it.
    pub fn admit_report(&self, member: MemberId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.try_acquire_report(member, moment))
    }

    /// Takes back the count of a report that was not filed.
    pub fn refund_report(&self, member: MemberId) {
        self.rates.refund_report(member);
    }

    fn has_bytes_left(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.bytes.check(workspace, moment))
    }

    /// Counts bytes that a transaction has added to the data of the workspace.
    pub fn charge(&self, workspace: WorkspaceId, bytes: u64, moment: Moment) {
        self.bytes.charge(workspace, bytes, moment);
    }

    /// Fails if the quota does not allow one more than `existing`.
    pub fn require_room(&self, quota: Limit, existing: u64) -> Result<(), Exceeded> {
        match self.settings.get(quota) {
            Some(most) if existing >= most => {
                self.count(quota);
                Err(Exceeded { quota, most })
            }
            _ => Ok(()),
        }
    }

    /// Returns a permit for a read connection if the workspace's share has a free one.
    pub fn try_read(&self, workspace: WorkspaceId) -> Option<Permit> {
        self.readers.try_acquire(workspace)
    }

    /// Waits for a read connection of the workspace's share, first come, first served, for a few seconds.
    pub async fn read(&self, workspace: WorkspaceId) -> Result<Permit, ShareExhausted> {
        self.readers.acquire(workspace).await
    }

    /// Waits for a read connection without a time limit, for work whose number is limited elsewhere.
    pub async fn read_in_background(&self, workspace: WorkspaceId) -> Permit {
        self.readers.acquire_in_background(workspace).await
    }

    /// Waits for a write connection of the workspace's share. Writers of one workspace run one after another anyway: they queue
    /// here, so that they do not delay those of other workspaces.
    pub async fn write(&self, workspace: WorkspaceId) -> DbResult<Permit> {
        match self.writers.try_acquire(workspace) {
            Some(permit) => Ok(permit),
            None => self.writers.acquire(workspace).await.map_err(|ShareExhausted| WritesRefused::Queue.into()),
        }
    }

    /// Starts an export, which counts as running until the slot is dropped.
    pub fn export(&self, exporter: Exporter, workspace: WorkspaceId, now: Duration) -> Result<Slot, ExportRefused> {
        self.exports.acquire(exporter, workspace, now).inspect_err(|refused| self.count(refused.limit()))
    }

    /// Counts a call that waits for changes, until the result is dropped; `None` if too many of the workspace or node wait.
    pub fn wait(&self, workspace: WorkspaceId) -> Option<Wait> {
        self.waits.begin(workspace).inspect_err(|limit| self.count(*limit)).ok()
    }

    /// Returns the time limit of an export.
    pub fn export_deadline(&self) -> Option<Duration> {
        self.settings.get(Limit::ExportMinutes).map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))
    }

    /// Returns how many verifications of whole audit logs may run at once on this node.
    pub fn chain_checks(&self) -> u64 {
        self.settings.get(Limit::NodeChainChecks).unwrap_or(u64::MAX)
    }

    /// Counts a refusal for the metrics.
    pub fn count(&self, limit: Limit) {
        self.refused[limit.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the refusals since the start, by limit.
    pub fn refusals(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.iter().map(|limit| (*limit, self.refused[limit.index()].load(Ordering::Relaxed)))
    }

    fn counted(&self, taken: Result<(), Limited>) -> Result<(), Limited> {
        taken.inspect_err(|limited| self.count(limited.limit))
    }
}
