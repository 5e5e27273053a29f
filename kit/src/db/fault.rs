//! Storage faults: the errors of both engines that mean that nothing can be stored.

use std::sync::Arc;

use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

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
                Some(error) => of_postgres(error.code()),
                None => error.code().and_then(|code| of_sqlite(&code)),
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
    /// Too many writes of the workspace wait for their turn, or this one has waited for too long.
    #[error("too many changes of one workspace wait for one another")]
    Queue,
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
            Self::LowSpace | Self::Queue => None,
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
    WritesRefused::find(error).is_some_and(|refused| refused != WritesRefused::Queue) || Fault::of(error).is_some()
}

/// Returns the fault of the storage that a state stands for (SQLSTATE, appendix A of the server's manual).
fn of_postgres(state: &str) -> Option<Fault> {
    match state {
        "53100" => Some(Fault::DiskFull),
        "58030" => Some(Fault::Io),
        "25006" => Some(Fault::ReadOnly),
        "XX001" | "XX002" => Some(Fault::Damaged),
        _ => None,
    }
}

/// Returns the fault that a result code stands for; the low byte has the kind (<https://sqlite.org/rescode.html>).
pub(super) fn of_sqlite(code: &str) -> Option<Fault> {
    match code.parse::<u32>().ok()? & 0xff {
        // BUSY, LOCKED, PROTOCOL
        5 | 6 | 15 => Some(Fault::Locked),
        // READONLY
        8 => Some(Fault::ReadOnly),
        // IOERR, CANTOPEN
        10 | 14 => Some(Fault::Io),
        // CORRUPT, NOTADB
        11 | 26 => Some(Fault::Damaged),
        // FULL
        13 => Some(Fault::DiskFull),
        _ => None,
    }
}
