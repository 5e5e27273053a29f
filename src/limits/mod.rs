//! Limits and quotas: what one member, one workspace and one node may consume.
//!
//! Invariants
//! - Calls that take access away have a bucket of their own: no other limit and no quota of bytes refuses them.
//! - Everything here is in memory, bounded, and each node's own; rates and bytes are divided by the number of nodes.
//! - Safety reports are counted here and nowhere else: no table and no log line leads from a report to a member.
//!
//! - `settings` names, defaults and `--limits`; `rates` requests; `bytes` what is stored in a day
//! - `shares` connections; `exports` running exports; `refusal` the answers

mod bytes;
mod exports;
mod rates;
mod refusal;
mod settings;
mod shares;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr};

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;

pub use exports::{Exporter, Slot};
pub use rates::{Call, Group, Requester};
pub use refusal::{Exceeded, ExportRefused, Limited};
pub use settings::{Limit, Setting, Settings};
pub use shares::{Crowded, Permit};

use bytes::Bytes;
use exports::Exports;
use rates::Rates;
use shares::Shares;

/// How long a read waits for a connection of its workspace's share.
const READ_PATIENCE: Duration = Duration::from_secs(5);

/// The same for a write: longer than a lock lasts that a frozen node holds.
const WRITE_PATIENCE: Duration = Duration::from_secs(8);

/// The limits of this node, and what is used of them.
#[derive(Debug)]
pub struct Budgets {
    settings: Settings,
    rates: Rates,
    bytes: Bytes,
    readers: Shares,
    writers: Shares,
    exports: Exports,
    refused: [AtomicU64; Limit::ALL.len()],
    /// Live nodes, this one included.
    nodes: AtomicU32,
}

/// A moment by the clock that only goes forward, and the nodes that share a limit then.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// In ticks.
    pub at: Duration,
    /// Live nodes.
    pub nodes: u32,
}

impl Budgets {
    /// For a node with so many connections for reading and for writing.
    pub fn new(settings: Settings, readers: u32, writers: u32) -> Self {
        Self {
            rates: Rates::new(&settings),
            bytes: Bytes::new(settings.get(Limit::StoredBytes)),
            readers: Shares::of(readers, READ_PATIENCE),
            writers: Shares::of(writers, WRITE_PATIENCE),
            exports: Exports::new(&settings),
            refused: [const { AtomicU64::new(0) }; Limit::ALL.len()],
            nodes: AtomicU32::new(1),
            settings,
        }
    }

    /// Sets the number of live nodes, this one included, that share each limit.
    pub fn set_nodes(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    /// Returns the moment at these ticks of the monotonic clock, with the number of live nodes.
    pub fn moment(&self, at: Duration) -> Moment {
        Moment { at, nodes: self.nodes.load(Ordering::Relaxed) }
    }

    /// Takes one call of a member.
    pub fn admit_member(&self, requester: Requester, call: Call, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.take_member(requester, call, moment))?;
        if call == Call::Write { self.has_bytes_left(requester.workspace, moment) } else { Ok(()) }
    }

    /// Takes one write with a key of the workspace.
    pub fn admit_key_write(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.take_key_write(workspace, moment))?;
        self.has_bytes_left(workspace, moment)
    }

    /// Takes one safety report of a member.
    pub fn admit_report(&self, member: MemberId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.rates.take_report(member, moment))
    }

    /// Takes back a report that was not filed.
    pub fn refund_report(&self, member: MemberId) {
        self.rates.refund_report(member);
    }

    fn has_bytes_left(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        self.counted(self.bytes.check(workspace, moment))
    }

    /// Counts what a transaction has added to the workspace's data.
    pub fn charge(&self, workspace: WorkspaceId, bytes: u64, moment: Moment) {
        self.bytes.charge(workspace, bytes, moment);
    }

    /// Refuses one more where `there_are` as many as the quota allows.
    pub fn require_room(&self, quota: Limit, there_are: u64) -> Result<(), Exceeded> {
        match self.settings.get(quota) {
            Some(most) if there_are >= most => {
                self.count(quota);
                Err(Exceeded { quota, most })
            }
            _ => Ok(()),
        }
    }

    /// A read connection of the workspace's share, if one is free at once.
    pub fn try_read(&self, workspace: WorkspaceId) -> Option<Permit> {
        self.readers.try_acquire(workspace)
    }

    /// Waits for a read connection of the workspace's share, in turn and for a few seconds.
    pub async fn read(&self, workspace: WorkspaceId) -> Result<Permit, Crowded> {
        self.readers.acquire(workspace).await
    }

    /// Waits for one as long as it takes: for work that is itself limited in number.
    pub async fn read_in_background(&self, workspace: WorkspaceId) -> Permit {
        self.readers.acquire_in_background(workspace).await
    }

    /// A write connection of the workspace's share. Its writers follow one another in any case, so that a queue of them
    /// stands here and not in front of the writers of others.
    pub async fn write(&self, workspace: WorkspaceId) -> DbResult<Permit> {
        match self.writers.try_acquire(workspace) {
            Some(permit) => Ok(permit),
            None => self.writers.acquire(workspace).await.map_err(|Crowded| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// A place among the running exports.
    pub fn export(&self, exporter: Exporter, workspace: WorkspaceId, now: Duration) -> Result<Slot, ExportRefused> {
        self.exports.acquire(exporter, workspace, now).inspect_err(|refused| self.count(refused.limit()))
    }

    /// How long an export may take.
    pub fn export_deadline(&self) -> Option<Duration> {
        self.settings.get(Limit::ExportMinutes).map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))
    }

    /// Verifications of whole audit logs that may run at once on this node.
    pub fn chain_checks(&self) -> u64 {
        self.settings.get(Limit::NodeChainChecks).unwrap_or(u64::MAX)
    }

    /// Counts a refusal for the metrics.
    pub fn count(&self, limit: Limit) {
        self.refused[limit.place()].fetch_add(1, Ordering::Relaxed);
    }

    /// Refusals since the start, by limit.
    pub fn refusals(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.iter().map(|limit| (*limit, self.refused[limit.place()].load(Ordering::Relaxed)))
    }

    fn counted(&self, taken: Result<(), Limited>) -> Result<(), Limited> {
        taken.inspect_err(|limited| self.count(limited.limit))
    }
}
