//! Storage health: the fault that keeps the database from storing, if there is one.
//!
//! Every statement that fails reports its fault here. While a fault lasts, ordinary writes are refused before they begin;
//! reads go on. It ends when a probe write has been read back over another connection ([`Health::recovered`]).

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use super::{DbResult, postgres, sqlite};
use crate::clock::Clock;
use crate::lock::lock;

/// The shortest time between two ERROR lines of one fault.
const REPEAT: Duration = Duration::from_mins(1);

/// The time without a failed write after which a full or failing disk is tried again.
const SETTLE: Duration = Duration::from_secs(2);

/// A reason why nothing can be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No room on the database's file system or in its quota.
    DiskFull,
    /// Reading, writing or syncing failed.
    Io,
    /// Another process has held the file's write lock for longer than a statement waits.
    Locked,
    /// The file, its file system or the server takes no writes.
    ReadOnly,
    /// The file at the database's path, or its write-ahead log, is not the one that was opened.
    Replaced,
    /// The content of the database is not a valid database.
    Damaged,
    /// A write that was confirmed could not be read back over another connection.
    Unconfirmed,
}

impl Fault {
    /// Every fault, in the order of their metrics.
    pub const ALL: [Self; 7] =
        [Self::DiskFull, Self::Io, Self::Locked, Self::ReadOnly, Self::Replaced, Self::Damaged, Self::Unconfirmed];

    /// The label of a metric.
    pub const fn label(self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::Io => "io_error",
            Self::Locked => "locked",
            Self::ReadOnly => "read_only",
            Self::Replaced => "file_replaced",
            Self::Damaged => "damaged",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The fault in plain words.
    pub const fn message(self) -> &'static str {
        match self {
            Self::DiskFull => "the disk is full: nothing can be written",
            Self::Io => "the disk reports errors: nothing can be written safely",
            Self::Locked => "another process holds the lock of the database file: nothing can be written",
            Self::ReadOnly => "the database takes no writes: it is read-only",
            Self::Replaced => {
                "the database file was deleted, moved or replaced while it was in use: nothing more is written to it"
            }
            Self::Damaged => "the database file looks damaged: part of it makes no sense",
            Self::Unconfirmed => "a confirmed write could not be read back: nothing is written until one can be",
        }
    }

    /// The operator's next step.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::DiskFull => "free space on its file system; writing resumes by itself",
            Self::Io => "check the disk and the kernel's log; writing resumes by itself once a test write succeeds",
            Self::Locked => "find the process that holds it (fuser FILE) and end it; writing resumes by itself",
            Self::ReadOnly => "make the file system or the server writable; writing resumes by itself",
            Self::Replaced => "put the file back, or stop this process and start it on the file that is there now",
            Self::Damaged => {
                "check it with sqlite3 FILE 'PRAGMA quick_check': unless that says ok, stop and restore a backup; \
                 writing resumes by itself if the disk had only misread it"
            }
            Self::Unconfirmed => "writing resumes by itself once a test write has been read back",
        }
    }

    /// Returns the fault of the storage that `error` stands for; `None` if the storage is not at fault.
    pub fn of(error: &DbErr) -> Option<Self> {
        let (DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))) = error
        else {
            return None;
        };
        match &**error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => postgres::fault(error.code()),
                None => error.code().and_then(|code| sqlite::fault(&code)),
            },
            // A connection that found another file at the path.
            sqlx::Error::Configuration(error) => error.downcast_ref::<WritesRefused>().and_then(|refused| refused.fault()),
            _ => None,
        }
    }
}

/// A write that was refused before it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WritesRefused {
    /// The storage has this fault.
    #[error("{}", .0.message())]
    Fault(Fault),
    /// Less than the watermark is free.
    #[error("less disk space is free than --min-free-space asks for")]
    LowSpace,
}

impl WritesRefused {
    /// Returns the refusal in `error`, if it is one.
    pub fn find(error: &DbErr) -> Option<Self> {
        let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return None };
        let sqlx::Error::Configuration(error) = &**error else { return None };
        error.downcast_ref().copied()
    }

    fn fault(self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::LowSpace => None,
        }
    }
}

impl From<WritesRefused> for sqlx::Error {
    fn from(refused: WritesRefused) -> Self {
        Self::Configuration(Box::new(refused))
    }
}

impl From<WritesRefused> for DbErr {
    fn from(refused: WritesRefused) -> Self {
        Self::Conn(RuntimeErr::SqlxError(Arc::new(refused.into())))
    }
}

/// Returns whether the cause of `error` is in the log already, once for all statements that met it.
pub fn is_reported(error: &DbErr) -> bool {
    WritesRefused::find(error).is_some() || Fault::of(error).is_some()
}

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
