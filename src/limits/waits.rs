//! Calls that wait for changes: a limited number per workspace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::settings::{Limit, Settings};
use crate::workspaces::WorkspaceId;
use kit::lock::lock;

#[derive(Debug)]
pub(super) struct Waits {
    of_workspace: Option<u64>,
    waiting: Arc<Mutex<HashMap<WorkspaceId, u64>>>,
}

/// A waiting call. It ends when this is dropped.
#[derive(Debug)]
pub struct Wait {
    workspace: WorkspaceId,
    waiting: Arc<Mutex<HashMap<WorkspaceId, u64>>>,
}

impl Waits {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { of_workspace: settings.get(Limit::WaitingReaders), waiting: Arc::default() }
    }

    /// Returns `None` if as many calls of the workspace wait as may.
    pub(super) fn begin(&self, workspace: WorkspaceId) -> Option<Wait> {
        let mut waiting = lock(&self.waiting);
        let count = waiting.entry(workspace).or_default();
        if self.of_workspace.is_some_and(|most| *count >= most) {
            return None;
        }
        *count += 1;
        Some(Wait { workspace, waiting: Arc::clone(&self.waiting) })
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        if let Some(count) = waiting.get_mut(&self.workspace) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.workspace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::Time;
    use kit::random::Random;

    #[test]
    fn waiting_calls_are_bounded_by_workspace() {
        let random = Random::seeded(7);
        let [one, other] = [(); 2].map(|()| WorkspaceId::new(Time::FIRST, &random));
        let waits = Waits::new(&Settings::default().with(Limit::WaitingReaders, Some(2)));
        let first = waits.begin(one).expect("room");
        let _second = waits.begin(one).expect("room");
        assert!(waits.begin(one).is_none());
        let _of_another = waits.begin(other).expect("room");
        drop(first);
        assert!(waits.begin(one).is_some());
    }
}
