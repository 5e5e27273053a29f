//! Calls that wait for changes: a limited number per workspace and per node. Of one workspace they read one after another, so that
//! a commit which wakes all of them leaves the connections to other calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::settings::{Limit, Settings};
use crate::workspaces::WorkspaceId;
use kit::lock::lock;

#[derive(Debug)]
pub(super) struct Waits {
    of_workspace: Option<u64>,
    of_node: Option<u64>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    by_workspace: HashMap<WorkspaceId, Group>,
    total: u64,
}

/// The calls of one workspace that wait.
#[derive(Debug)]
struct Group {
    count: u64,
    turn: Arc<Semaphore>,
}

/// A waiting call. It ends when this is dropped.
#[derive(Debug)]
pub struct Wait {
    workspace: WorkspaceId,
    turn: Arc<Semaphore>,
    waiting: Arc<Mutex<Waiting>>,
}

impl Waits {
    pub(super) fn new(settings: &Settings) -> Self {
        let [of_workspace, of_node] = [Limit::WaitingReaders, Limit::NodeWaitingReaders].map(|limit| settings.get(limit));
        Self { of_workspace, of_node, waiting: Arc::default() }
    }

    /// Counts a call. Fails with the limit that is reached.
    pub(super) fn begin(&self, workspace: WorkspaceId) -> Result<Wait, Limit> {
        let waiting = &mut *lock(&self.waiting);
        if self.of_node.is_some_and(|most| waiting.total >= most) {
            return Err(Limit::NodeWaitingReaders);
        }
        let group =
            waiting.by_workspace.entry(workspace).or_insert_with(|| Group { count: 0, turn: Arc::new(Semaphore::new(1)) });
        if self.of_workspace.is_some_and(|most| group.count >= most) {
            return Err(Limit::WaitingReaders);
        }
        group.count += 1;
        waiting.total += 1;
        Ok(Wait { workspace, turn: Arc::clone(&group.turn), waiting: Arc::clone(&self.waiting) })
    }
}

impl Wait {
    /// Waits for the turn of this call to read, which lasts until the permit is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.turn.acquire().await.ok()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let waiting = &mut *lock(&self.waiting);
        waiting.total -= 1;
        if let Some(group) = waiting.by_workspace.get_mut(&self.workspace) {
            group.count -= 1;
            if group.count == 0 {
                waiting.by_workspace.remove(&self.workspace);
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
    fn waiting_calls_are_bounded_by_workspace_and_node() {
        let random = Random::seeded(7);
        let [one, other] = [(); 2].map(|()| WorkspaceId::new(Time::FIRST, &random));
        let settings = Settings::default().with(Limit::WaitingReaders, Some(2)).with(Limit::NodeWaitingReaders, Some(3));
        let waits = Waits::new(&settings);
        let first = waits.begin(one).expect("room");
        let _second = waits.begin(one).expect("room");
        assert_eq!(waits.begin(one).err(), Some(Limit::WaitingReaders));
        let _of_another = waits.begin(other).expect("room");
        assert_eq!(waits.begin(other).err(), Some(Limit::NodeWaitingReaders));
        drop(first);
        assert!(waits.begin(one).is_ok());
    }
}
