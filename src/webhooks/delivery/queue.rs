//! The deliveries of an endpoint that a worker has read and not started.
//!
//! They are read together with their payloads, and discarded when they are not current any more: meanwhile one may have been
//! canceled, or its payload thinned. As many are read as were started while the ones before were current.

use std::collections::VecDeque;
use std::time::Duration;

use super::store::Due;
use kit::clock::Clock;

/// The time for which an endpoint and deliveries that were read are current: one that is changed, canceled or deleted gets no
/// request later.
pub(super) const CURRENT: Duration = Duration::from_millis(100);

/// Returns the time since the machine was started, also while it was suspended: what was read before is old then.
pub(super) fn ticks() -> Duration {
    Clock::System.ticks()
}

/// Deliveries that are read at once.
const FEWEST: u64 = 4;
const MOST: u64 = 64;

/// Deliveries in their order.
#[derive(Debug)]
pub(super) struct Queue {
    due: VecDeque<Due>,
    read_at: Duration,
    limit: u64,
    /// Deliveries that were started since the last were read.
    started: u64,
    /// True if deliveries were discarded before one was started: reading takes longer than what is read is current.
    is_starved: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { due: VecDeque::new(), read_at: ticks(), limit: FEWEST, started: 0, is_starved: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    pub(super) fn is_current(&self) -> bool {
        ticks().saturating_sub(self.read_at) < CURRENT
    }

    /// Returns true if the next delivery is to be started although it is not current: otherwise none would ever be.
    pub(super) fn is_starved(&self) -> bool {
        self.is_starved && !self.is_empty()
    }

    /// Returns the number of deliveries to read.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes deliveries that were read, the reading of which began at `read_at`.
    pub(super) fn fill(&mut self, due: Vec<Due>, read_at: Duration) {
        *self = Self { due: due.into(), read_at, limit: self.limit, started: 0, is_starved: self.is_starved };
    }

    /// Discards deliveries that are not current, unless none would ever be started. Returns whether there were some.
    pub(super) fn discard_old(&mut self) -> bool {
        let is_old = !self.is_empty() && !self.is_current() && !self.is_starved;
        if is_old {
            self.discard();
        }
        is_old
    }

    /// Discards all deliveries, so that they are read again.
    pub(super) fn discard(&mut self) {
        self.is_starved = self.started == 0;
        self.limit = self.started.clamp(FEWEST, MOST);
        self.due.clear();
    }

    /// Takes the next delivery, to be started.
    pub(super) fn pop(&mut self) -> Option<Due> {
        let next = self.due.pop_front()?;
        self.started += 1;
        self.is_starved = false;
        if self.due.is_empty() && self.started == self.limit {
            self.limit = (self.limit * 2).min(MOST);
        }
        Some(next)
    }
}
