//! An open group.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::watch;

use super::outcome::Outcome;
use crate::clock::Clock;
use crate::db::fault::WritesRefused;
use crate::db::reader::execute;
use crate::db::storage::Storage;
use crate::db::write_connection::OpenTransaction;
use crate::db::{DbResult, Fault};

/// The most members of a group.
pub(super) const MOST: usize = 64;

/// The age at which a group takes no more members. In tests of this crate its members decide.
const LONGEST: Duration = if cfg!(test) { Duration::from_mins(10) } else { Duration::from_millis(10) };

/// A transaction of SQLite with the changes of its members.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) transaction: OpenTransaction,
    begun: Duration,
    /// Members whose changes are kept, and who wait for the commit.
    pub(super) members: usize,
    outcome: watch::Sender<Option<DbResult<()>>>,
}

impl Group {
    pub(super) fn new(transaction: OpenTransaction) -> Self {
        Self { transaction, begun: Clock::System.ticks(), members: 0, outcome: watch::Sender::new(None) }
    }

    pub(super) fn has_room(&self) -> bool {
        self.members < MOST && Clock::System.ticks().saturating_sub(self.begun) < LONGEST
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome::of(&self.outcome)
    }

    /// Begins the savepoint of the next member. The first member has none: if it fails, so does the whole transaction.
    pub(super) async fn begin_next(&self) -> DbResult<()> {
        let has_savepoint = self.members > 1;
        let begin = self.transaction.run(move |connection| {
            if has_savepoint {
                execute(connection, "RELEASE member")?;
            }
            execute(connection, "SAVEPOINT member")
        });
        begin.await
    }

    /// Undoes the changes of the last member.
    pub(super) async fn undo(&self) -> DbResult<()> {
        self.transaction.run(|connection| execute(connection, "ROLLBACK TO member")).await
    }

    /// Commits, and tells the members. Returns whether it was committed.
    pub(super) async fn commit(self, storage: &Storage) -> bool {
        let Self { transaction, outcome, .. } = self;
        let committed = transaction.commit().await.and_then(|()| Ok(storage.require_same_file()?));
        let is_committed = committed.is_ok();
        outcome.send_replace(Some(committed));
        is_committed
    }

    /// Rolls everything back, and tells the members.
    pub(super) fn fail(self, fault: Option<Fault>) {
        let Self { transaction, outcome, .. } = self;
        drop(transaction);
        let lost = || DbErr::Conn(RuntimeErr::Internal("the transactions of a group failed together".to_owned()));
        outcome.send_replace(Some(Err(fault.map_or_else(lost, |fault| WritesRefused::Fault(fault).into()))));
    }
}
