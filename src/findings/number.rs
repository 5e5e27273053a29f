//! The number of findings that need attention, for the navigation of every page.

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

/// The time for which a number is shown whatever was recorded since: with many events, each page would count anew.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Workspaces in memory.
const MAX_WORKSPACES: usize = 1_000;

/// The numbers of findings of workspaces as they were counted last, and the faults of their audit chains.
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
    /// The begin of the last count. Other callers take the number meanwhile, and for [`KEPT_FOR`] if the count fails.
    begun_at: Time,
}

impl Number {
    fn is_kept(&self, now: Time) -> bool {
        is_within(KEPT_FOR, self.begun_at, now)
    }

    fn is_valid(&self, sequence: i64, now: Time) -> bool {
        self.is_kept(now) || self.sequence == sequence && is_recent(self.at, now)
    }
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

    /// Returns the number if it is valid. Otherwise the caller has to count, and is the only one to do so.
    fn valid_or_begin(&self, workspace: WorkspaceId, sequence: i64, now: Time) -> Option<u64> {
        let mut numbers = lock(&self.numbers);
        let known = numbers.get_mut(&workspace)?;
        if known.is_valid(sequence, now) {
            return Some(known.findings);
        }
        known.begun_at = now;
        None
    }

    pub(super) fn note_chain(&self, workspace: WorkspaceId, now: Time, fault: Option<String>) {
        insert(&mut lock(&self.chains), workspace, (now, fault));
    }
}

fn is_recent(at: Time, now: Time) -> bool {
    is_within(VALID_FOR, at, now)
}

fn is_within(period: Duration, at: Time, now: Time) -> bool {
    at <= now && now.since(at) < period
}

/// Inserts into a map of bounded size.
fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MAX_WORKSPACES {
        map.clear();
    }
    map.insert(key, value);
}

/// Returns the number of findings of a workspace that need attention, of up to ten seconds ago if something was recorded since,
/// otherwise of up to a minute ago.
pub async fn number(from: FindingSources<'_>, workspace: WorkspaceId) -> DbResult<u64> {
    let now = from.core.clock.now();
    let known = lock(&from.cache.numbers).get(&workspace).copied();
    if let Some(known) = known.filter(|known| known.is_kept(now)) {
        return Ok(known.findings);
    }
    let sequence = audit::last_link(from.core.db.read(), workspace).await?.map_or(0, |(sequence, _)| sequence);
    if let Some(findings) = from.cache.valid_or_begin(workspace, sequence, now) {
        return Ok(findings);
    }
    let findings = list::count(from, workspace).await?;
    insert(&mut lock(&from.cache.numbers), workspace, Number { findings, sequence, at: now, begun_at: now });
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn number_is_kept_for_ten_seconds_and_counted_by_one_caller() {
        let (cache, workspace, now) = (FindingCache::default(), WorkspaceId(uuid::Uuid::nil()), Time::FIRST.after(VALID_FOR));
        assert_eq!(cache.valid_or_begin(workspace, 7, now), None, "nothing is known");
        let number = Number { findings: 3, sequence: 7, at: now, begun_at: now };
        lock(&cache.numbers).insert(workspace, number);
        let asked = |sequence, after| cache.valid_or_begin(workspace, sequence, now.after(SECOND * after));
        assert_eq!((asked(9, 9), asked(7, 59)), (Some(3), Some(3)));
        assert_eq!((asked(9, 59), asked(9, 59)), (None, Some(3)), "the second caller takes what is there");
        assert_eq!(asked(7, 70), None, "the count failed, and the number is older than a minute");
    }
}
