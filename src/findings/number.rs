//! The number of findings, for the navigation of every page.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use super::collect::FindingSources;
use super::list;
use crate::audit::{self, ChainVerifier};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::lock::lock;

/// The time for which a number is shown although nothing was recorded since: findings also come with the time that passes.
const VALID_FOR: Duration = Duration::from_mins(1);

/// Workspaces in memory.
const MAX_WORKSPACES: usize = 1_000;

/// What a page need not compute again within a minute.
#[derive(Debug, Default)]
pub struct FindingCache {
    numbers: Mutex<HashMap<WorkspaceId, Number>>,
    chains: Mutex<HashMap<WorkspaceId, (Time, Option<String>)>>,
    /// A verification of its own: that of the page of the log counts its visits.
    pub(super) verifier: ChainVerifier,
}

#[derive(Clone, Copy, Debug)]
struct Number {
    findings: u64,
    /// The head of the audit log before the count: most causes and remedies of a finding are events.
    sequence: i64,
    at: Time,
}

impl FindingCache {
    /// Returns the last number of a workspace, however old it is.
    pub fn known(&self, workspace: WorkspaceId) -> Option<u64> {
        lock(&self.numbers).get(&workspace).map(|number| number.findings)
    }

    /// Returns what the last check of the chain found, unless it was a minute ago.
    pub(super) fn chain_fault(&self, workspace: WorkspaceId, now: Time) -> Option<Option<String>> {
        let chains = lock(&self.chains);
        chains.get(&workspace).filter(|(at, _)| is_recent(*at, now)).map(|(_, fault)| fault.clone())
    }

    pub(super) fn note_chain(&self, workspace: WorkspaceId, now: Time, fault: Option<String>) {
        insert(&mut lock(&self.chains), workspace, (now, fault));
    }
}

fn is_recent(at: Time, now: Time) -> bool {
    at <= now && now.since(at) < VALID_FOR
}

/// Inserts into a map of bounded size.
fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MAX_WORKSPACES {
        map.clear();
    }
    map.insert(key, value);
}

/// Returns the number of findings of a workspace, as of the last event of its audit log or a minute ago.
pub async fn number(from: FindingSources<'_>, workspace: WorkspaceId) -> DbResult<u64> {
    let now = from.core.clock.now();
    let sequence = audit::last_link(from.core.db.read(), workspace).await?.map_or(0, |(sequence, _)| sequence);
    let known = lock(&from.cache.numbers).get(&workspace).copied();
    if let Some(known) = known.filter(|known| known.sequence == sequence && is_recent(known.at, now)) {
        return Ok(known.findings);
    }
    let findings = list::count(from, workspace).await?;
    insert(&mut lock(&from.cache.numbers), workspace, Number { findings, sequence, at: now });
    Ok(findings)
}
