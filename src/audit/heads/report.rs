//! The hourly report of heads: a line for each chain that has grown, one for all, and the same in metrics.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::signed::SignedHead;
use crate::app::App;
use crate::audit::chain::Hash;
use crate::audit::store;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::lock::lock;

/// How often heads are reported.
const EVERY: Duration = Duration::from_hours(1);

/// Chains that have a line of their own in one report; the others come first in the next.
const LINES: usize = 1_000;

/// Heads read at once.
const BATCH: u64 = 1_000;

/// The background job that reports heads, and what it reported last.
#[derive(Debug, Default)]
pub struct HeadReport {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When heads were counted last, and when they were logged last.
    counted_at: Option<Duration>,
    logged_at: Option<Duration>,
    /// The last event of each chain that has had a line.
    logged: HashMap<WorkspaceId, i64>,
    /// The workspace at which the lines of the last report ended.
    ended_at: Option<WorkspaceId>,
    totals: Totals,
}

/// All heads in short.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Chains there are.
    pub workspaces: u64,
    /// Events there are, by the heads.
    pub events: i64,
    /// SHA-256 over `WORKSPACE:SEQUENCE:HASH` and a line feed for each chain, in the order of ids, in hexadecimal.
    pub digest: String,
}

/// The head of a chain.
#[derive(Clone, Copy, Debug)]
struct Head {
    workspace: WorkspaceId,
    sequence: i64,
    hash: Hash,
}

impl HeadReport {
    /// All heads, as they were counted last.
    pub fn totals(&self) -> Totals {
        lock(&self.state).totals.clone()
    }

    /// Reports the heads if an hour has passed. Of several nodes that share a database, one logs them: `logs` says whether it
    /// is this one.
    pub async fn run(&self, app: &App, logs: bool) -> DbResult<()> {
        let now = app.clock.ticks();
        let is_due = |last: Option<Duration>| last.is_none_or(|last| now.saturating_sub(last) >= EVERY);
        let (counts, logs) = {
            let state = lock(&self.state);
            (is_due(state.counted_at), logs && is_due(state.logged_at))
        };
        if !counts && !logs {
            return Ok(());
        }
        let (heads, totals) = self.read(app, logs).await?;
        let mut state = lock(&self.state);
        state.counted_at = Some(now);
        state.totals = totals;
        if logs {
            state.logged_at = Some(now);
            log(app, &mut state, heads);
        }
        Ok(())
    }

    /// Reads every head: those that have moved since they had a line, and all in short.
    async fn read(&self, app: &App, keeps: bool) -> DbResult<(Vec<Head>, Totals)> {
        let (mut moved, mut totals, mut digest) = (Vec::new(), Totals::default(), Sha256::new());
        let mut last = None;
        loop {
            let heads = store::heads_after(app.db.read(), last, BATCH).await?;
            let Some(end) = heads.last() else { break };
            last = Some(end.workspace_id);
            let state = lock(&self.state);
            for head in heads {
                let (workspace, sequence) = (head.workspace_id, head.sequence);
                totals.workspaces += 1;
                totals.events += sequence;
                digest.update(format!("{workspace}:{sequence}:{}\n", hex::encode(&head.hash)));
                // A head that cannot be read is for the verification to name.
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

/// Logs the heads that have moved, beginning after the one at which the last report ended.
fn log(app: &App, state: &mut State, mut heads: Vec<Head>) {
    let begin = state.ended_at.map_or(0, |ended| heads.partition_point(|head| head.workspace <= ended));
    heads.rotate_left(begin);
    let left_out = heads.len().saturating_sub(LINES);
    heads.truncate(LINES);
    state.ended_at = heads.last().map(|head| head.workspace).filter(|_| left_out > 0);
    let key = app.config.audit_key.as_deref();
    for Head { workspace, sequence, hash } in heads {
        let slug = app.index.tenant(workspace).map_or_else(|| workspace.to_string(), |tenant| tenant.slug.to_string());
        let head = match key {
            Some(key) => SignedHead::sign(key, workspace, sequence, hash, app.clock.now()).to_string(),
            None => format!("{sequence}:{}", hex::encode(hash)),
        };
        tracing::info!(workspace = slug, %head, "audit head");
        state.logged.insert(workspace, sequence);
    }
    let Totals { workspaces, events, digest } = &state.totals;
    tracing::info!(workspaces, events, digest, left_out, "audit heads");
}
