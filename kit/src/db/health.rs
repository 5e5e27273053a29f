//! Storage health: the fault that keeps the database from storing, if there is one.
//!
//! Every statement that fails reports its fault here. While a fault lasts, ordinary writes are refused before they begin;
//! reads go on. It ends when a probe write has been read back over another connection ([`Health::recovered`]).

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sea_orm::DbErr;

use super::DbResult;
use super::fault::{Fault, WritesRefused};
use crate::clock::Clock;
use crate::lock::lock;

/// The shortest time between two ERROR lines of one fault.
const REPEAT: Duration = Duration::from_mins(1);

/// The time without a failed write after which a full or failing disk is tried again.
const SETTLE: Duration = Duration::from_secs(2);

/// The state of the storage, shared by every connection of a database. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<State>);

#[derive(Default)]
struct State {
    /// 0, or one more than the place of the fault in [`Fault::ALL`].
    fault: AtomicU8,
    /// Reports of each fault.
    reports: [AtomicU64; Fault::ALL.len()],
    log: Mutex<Log>,
}

/// The times of the last lines, in ticks of the machine's clock.
#[derive(Default)]
struct Log {
    reported_at: Duration,
    lines: [Option<Duration>; Fault::ALL.len()],
    is_announced: bool,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.fault()).finish()
    }
}

impl Health {
    /// Returns the fault that lasts.
    pub fn fault(&self) -> Option<Fault> {
        let place = self.0.fault.load(Ordering::Acquire).checked_sub(1)?;
        Fault::ALL.get(usize::from(place)).copied()
    }

    /// Fails while a fault lasts.
    pub fn require_sound(&self) -> DbResult<()> {
        self.fault().map_or(Ok(()), |fault| Err(WritesRefused::Fault(fault).into()))
    }

    /// Returns how many statements have met `fault`.
    pub fn reports(&self, fault: Fault) -> u64 {
        self.0.reports[fault as usize].load(Ordering::Relaxed)
    }

    /// Notes the fault of a failed statement, if the storage is at fault.
    pub(super) fn observe(&self, error: &DbErr) {
        // A refusal by this very state is no news.
        if WritesRefused::find(error).is_none_or(|refused| refused == WritesRefused::Fault(Fault::Replaced))
            && let Some(fault) = Fault::of(error)
        {
            self.report(fault);
        }
    }

    /// Stops ordinary writes, and logs one ERROR a minute while the fault is reported.
    pub fn report(&self, fault: Fault) {
        let now = Clock::System.ticks();
        self.0.reports[fault as usize].fetch_add(1, Ordering::Relaxed);
        self.0.fault.store(fault as u8 + 1, Ordering::Release);
        let mut log = lock(&self.0.log);
        log.reported_at = now;
        let line = &mut log.lines[fault as usize];
        if line.is_none_or(|at| now.saturating_sub(at) >= REPEAT) {
            *line = Some(now);
            log.is_announced = true;
            tracing::error!(fault = fault.label(), remedy = fault.remedy(), "{}", fault.message());
        }
    }

    /// Returns whether no write has failed for two seconds.
    pub(super) fn has_settled(&self) -> bool {
        Clock::System.ticks().saturating_sub(lock(&self.0.log).reported_at) >= SETTLE
    }

    /// Takes ordinary writes again: a probe write has been read back.
    pub fn recovered(&self) {
        let Some(fault) = self.fault() else { return };
        self.0.fault.store(0, Ordering::Release);
        if std::mem::take(&mut lock(&self.0.log).is_announced) {
            tracing::info!(fault = fault.label(), "the fault is over: writes are stored again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_refuses_writes_until_a_probe_is_read_back() {
        let health = Health::default();
        assert!(health.require_sound().is_ok());
        health.report(Fault::Unconfirmed);
        let refused = health.require_sound().expect_err("a fault lasts");
        assert_eq!(WritesRefused::find(&refused), Some(WritesRefused::Fault(Fault::Unconfirmed)));
        health.recovered();
        assert!(health.require_sound().is_ok());
        assert_eq!(health.reports(Fault::Unconfirmed), 1);
    }

    #[test]
    fn a_fault_settles_no_sooner_than_two_seconds_after_the_last_failed_write() {
        let health = Health::default();
        health.report(Fault::DiskFull);
        assert!(!health.has_settled());
    }

    #[test]
    fn a_refusal_is_not_reported_as_another_fault() {
        let health = Health::default();
        health.observe(&WritesRefused::Fault(Fault::DiskFull).into());
        health.observe(&WritesRefused::LowSpace.into());
        assert_eq!((health.fault(), health.reports(Fault::DiskFull)), (None, 0));
    }
}
