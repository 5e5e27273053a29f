//! Bytes stored for each workspace, as a leaky bucket that empties in a day.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::moment::Moment;
use super::refusal::Limited;
use super::settings::Limit;
use crate::workspaces::WorkspaceId;
use kit::lock::lock;

/// Workspaces that are counted at a time; those with an empty bucket are removed.
const CAPACITY: usize = 100_000;

#[derive(Debug)]
pub(super) struct Bytes {
    quota: Option<u64>,
    levels: Mutex<HashMap<WorkspaceId, Level>>,
}

/// Bytes in a bucket at a time.
#[derive(Clone, Copy, Debug)]
struct Level {
    bytes: u64,
    at: Duration,
}

impl Level {
    /// Returns the level at `now`, if `quota` bytes leak in a day.
    fn at(self, now: Duration, quota: u64) -> Self {
        let passed = now.saturating_sub(self.at).as_micros();
        let leaked = u128::from(quota) * passed / Limit::StoredBytes.window().as_micros();
        Self { bytes: self.bytes.saturating_sub(u64::try_from(leaked).unwrap_or(u64::MAX)), at: now.max(self.at) }
    }
}

impl Bytes {
    pub(super) fn new(quota: Option<u64>) -> Self {
        Self { quota, levels: Mutex::default() }
    }

    /// Fails while the workspace has stored more than this node's share of its quota.
    pub(super) fn check(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        let Some(quota) = self.quota else { return Ok(()) };
        let share = (quota / u64::from(moment.nodes.max(1))).max(1);
        let Some(level) = lock(&self.levels).get(&workspace).map(|level| level.at(moment.at, share)) else { return Ok(()) };
        if level.bytes < share {
            return Ok(());
        }
        let window = Limit::StoredBytes.window();
        let micros = u128::from(level.bytes - share + 1) * window.as_micros() / u128::from(share);
        let retry_after = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        Err(Limited { limit: Limit::StoredBytes, quota, window, retry_after })
    }

    pub(super) fn charge(&self, workspace: WorkspaceId, bytes: u64, moment: Moment) {
        let Some(quota) = self.quota else { return };
        let share = (quota / u64::from(moment.nodes.max(1))).max(1);
        let mut levels = lock(&self.levels);
        if levels.len() >= CAPACITY && !levels.contains_key(&workspace) {
            levels.retain(|_, level| level.at(moment.at, share).bytes > 0);
        }
        let level = levels.entry(workspace).or_insert(Level { bytes: 0, at: moment.at });
        *level = level.at(moment.at, share);
        level.bytes = level.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::Time;
    use kit::random::Random;

    #[test]
    fn bytes_are_refused_at_the_quota_and_allowed_again_as_time_passes() {
        let (bytes, workspace) = (Bytes::new(Some(86_400)), WorkspaceId::new(Time::FIRST, &Random::seeded(7)));
        let at = |seconds: u64| Moment { at: Duration::from_secs(1_000 + seconds), nodes: 1 };
        assert!(bytes.check(workspace, at(0)).is_ok());
        bytes.charge(workspace, 86_400 + 9, at(0));
        let limited = bytes.check(workspace, at(0)).expect_err("the quota is used up");
        assert_eq!(limited.retry_after, Duration::from_secs(10));
        assert!(bytes.check(workspace, at(9)).is_err() && bytes.check(workspace, at(10)).is_ok());
        bytes.charge(workspace, 1, at(10));
        assert!(bytes.check(workspace, at(10)).is_err());
        assert!(bytes.check(workspace, Moment { nodes: 2, ..at(10) }).is_err());
        assert!(bytes.check(workspace, at(86_400)).is_ok());
    }

    #[test]
    fn quota_is_divided_among_nodes() {
        let (bytes, workspace) = (Bytes::new(Some(1_000)), WorkspaceId::new(Time::FIRST, &Random::seeded(7)));
        let moment = Moment { at: Duration::from_secs(1), nodes: 2 };
        bytes.charge(workspace, 499, moment);
        assert!(bytes.check(workspace, moment).is_ok());
        bytes.charge(workspace, 1, moment);
        assert_eq!(bytes.check(workspace, moment).expect_err("half is used up").quota, 1_000);
    }
}
