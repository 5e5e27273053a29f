//! The hourly report of heads: a line for each chain that has grown, one for all, and the same in metrics.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::signed::SignedHead;
use crate::audit::chain::Hash;
use crate::audit::store;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::lock::lock;

/// The interval between reports.
const INTERVAL: Duration = Duration::from_hours(1);

/// Chains with a line of their own in one report. The others come first in the next report.
const MAX_LINES: usize = 1_000;

/// Heads of one query.
const BATCH: u64 = 1_000;

/// The background job that reports heads, and its last report.
#[derive(Debug, Default)]
pub struct HeadReport {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counted_at: Option<Duration>,
    logged_at: Option<Duration>,
    /// The last event in the log line of each chain.
    logged: HashMap<WorkspaceId, i64>,
    /// The workspace of the last line of the last report, if chains were left out.
    ended_at: Option<WorkspaceId>,
    totals: Totals,
}

/// A summary of all heads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub workspaces: u64,
    pub events: i64,
    /// SHA-256 over `WORKSPACE:SEQUENCE:HASH` and a line feed for each chain, in the order of ids, in hexadecimal.
    pub digest: String,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    workspace: WorkspaceId,
    sequence: i64,
    hash: Hash,
}

impl HeadReport {
    /// Returns the summary of the last count.
    pub fn totals(&self) -> Totals {
        lock(&self.state).totals.clone()
    }

    /// Reports the heads if an hour has passed. Of several nodes that share a database, one logs them: `logs` is true on that
    /// node. `slug_of` gives the workspace's name for its line.
    pub async fn run(&self, core: &Core, logs: bool, slug_of: impl Fn(WorkspaceId) -> Option<String>) -> DbResult<()> {
        let now = core.clock.ticks();
        let is_due = |last: Option<Duration>| last.is_none_or(|last| now.saturating_sub(last) >= INTERVAL);
        let (counts, logs) = {
            let state = lock(&self.state);
            (is_due(state.counted_at), logs && is_due(state.logged_at))
        };
        if !counts && !logs {
            return Ok(());
        }
        let (heads, totals) = self.read(core, logs).await?;
        let mut state = lock(&self.state);
        state.counted_at = Some(now);
        state.totals = totals;
        if logs {
            state.logged_at = Some(now);
            log(core, &mut state, heads, slug_of);
        }
        Ok(())
    }

    /// Reads every head. Returns those that have moved since their last log line, and the summary of all.
    async fn read(&self, core: &Core, keeps: bool) -> DbResult<(Vec<Head>, Totals)> {
        let (mut moved, mut totals, mut digest) = (Vec::new(), Totals::default(), Sha256::new());
        let mut last = None;
        loop {
            let heads = store::heads_after(core.db.read(), last, BATCH).await?;
            let Some(end) = heads.last() else { break };
            last = Some(end.workspace_id);
            let state = lock(&self.state);
            for head in heads {
                let (workspace, sequence) = (head.workspace_id, head.sequence);
                totals.workspaces += 1;
                totals.events += sequence;
                digest.update(format!("{workspace}:{sequence}:{}\n", hex::encode(&head.hash)));
                // The verification reports a head that cannot be read.
                if let Ok(hash) = store::stored_hash(&head.hash)
                    && keeps
                    && state.logged.get(&workspace) != Some(&sequence)
                {
                    moved.push(Head { workspace, sequence, hash });
                }
            }
        }
        totals.digest = hex::encode(digest.finalize());
        Ok((moved, totals))
    }
}

/// Logs the heads that have moved, starting after the last line of the last report.
fn log(core: &Core, state: &mut State, mut heads: Vec<Head>, slug_of: impl Fn(WorkspaceId) -> Option<String>) {
    let begin = state.ended_at.map_or(0, |ended| heads.partition_point(|head| head.workspace <= ended));
    heads.rotate_left(begin);
    let left_out = heads.len().saturating_sub(MAX_LINES);
    heads.truncate(MAX_LINES);
    state.ended_at = heads.last().map(|head| head.workspace).filter(|_| left_out > 0);
    let key = core.config.audit_key.as_deref();
    for Head { workspace, sequence, hash } in heads {
        let slug = slug_of(workspace).unwrap_or_else(|| workspace.to_string());
        let head = match key {
            Some(key) => SignedHead::sign(key, workspace, sequence, hash, core.clock.now()).to_string(),
            None => format!("{sequence}:{}", hex::encode(hash)),
        };
        tracing::info!(workspace = slug, %head, "audit head");
        state.logged.insert(workspace, sequence);
    }
    let Totals { workspaces, events, digest } = &state.totals;
    tracing::info!(workspaces, events, digest, left_out, "audit heads");
}
