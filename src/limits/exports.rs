//! Running exports: one per member or key, a limited number per workspace and per node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::refusal::ExportRefused;
use super::settings::{Limit, Settings};
use crate::keys::KeyId;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::lock::lock;

/// The member or key that an export is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exporter {
    Member(MemberId),
    Key(KeyId),
}

#[derive(Debug)]
pub(super) struct Exports {
    of_workspace: Option<u64>,
    of_node: Option<u64>,
    deadline: Duration,
    running: Arc<Mutex<HashMap<Exporter, Running>>>,
}

#[derive(Debug)]
struct Running {
    workspace: WorkspaceId,
    since: Duration,
}

/// A running export. It ends when this is dropped.
#[derive(Debug)]
pub struct Slot {
    exporter: Exporter,
    since: Duration,
    running: Arc<Mutex<HashMap<Exporter, Running>>>,
}

impl Exports {
    pub(super) fn new(settings: &Settings) -> Self {
        let minutes = settings.get(Limit::ExportMinutes);
        Self {
            of_workspace: settings.get(Limit::Exports),
            of_node: settings.get(Limit::NodeExports),
            deadline: minutes.map_or(Duration::MAX, |minutes| Duration::from_secs(minutes.saturating_mul(60))),
            running: Arc::default(),
        }
    }

    pub(super) fn acquire(&self, exporter: Exporter, workspace: WorkspaceId, now: Duration) -> Result<Slot, ExportRefused> {
        let mut running = lock(&self.running);
        // An export past its deadline sends nothing more, even if its reader has not noticed yet.
        running.retain(|_, export| now.saturating_sub(export.since) <= self.deadline);
        if running.contains_key(&exporter) {
            return Err(ExportRefused::Own);
        }
        let of_workspace = running.values().filter(|export| export.workspace == workspace).count() as u64;
        if self.of_workspace.is_some_and(|most| of_workspace >= most) {
            return Err(ExportRefused::Workspace);
        }
        if self.of_node.is_some_and(|most| running.len() as u64 >= most) {
            return Err(ExportRefused::Node);
        }
        running.insert(exporter, Running { workspace, since: now });
        Ok(Slot { exporter, since: now, running: Arc::clone(&self.running) })
    }
}

impl Slot {
    /// Returns the start of the export, in ticks.
    pub fn since(&self) -> Duration {
        self.since
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = lock(&self.running);
        // A slot past its deadline may belong to another export already.
        if running.get(&self.exporter).is_some_and(|export| export.since == self.since) {
            running.remove(&self.exporter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::Time;
    use kit::random::Random;

    #[test]
    fn exports_are_bounded_by_reader_workspace_and_node() {
        let random = Random::seeded(7);
        let settings = Settings::default().with(Limit::Exports, Some(2)).with(Limit::NodeExports, Some(3));
        let exports = Exports::new(&settings);
        let [one, other] = [(); 2].map(|()| WorkspaceId::new(Time::FIRST, &random));
        let [ana, ben, cleo, dana, eve] = [(); 5].map(|()| Exporter::Member(MemberId::new(Time::FIRST, &random)));
        let acquire = |exporter, workspace, seconds| exports.acquire(exporter, workspace, Duration::from_secs(seconds));
        let first = acquire(ana, one, 0).expect("a slot");
        let _second = acquire(ben, one, 0).expect("a slot");
        assert!(matches!(acquire(ana, one, 0), Err(ExportRefused::Own)));
        assert!(matches!(acquire(cleo, one, 0), Err(ExportRefused::Workspace)));
        let _third = acquire(dana, other, 0).expect("a slot");
        assert!(matches!(acquire(eve, other, 0), Err(ExportRefused::Node)));
        drop(first);
        let _again = acquire(ana, one, 1).expect("the first has ended");
        assert!(matches!(acquire(ben, one, 3_600), Err(ExportRefused::Own)));
        let _late = acquire(ben, one, 3_601).expect("the one before is past its deadline");
    }
}
