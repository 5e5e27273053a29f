//! An open group.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, RuntimeErr};
use tokio::sync::watch;

use super::outcome::Outcome;
use crate::clock::Clock;
use crate::db::DbResult;
use crate::db::fault::WritesRefused;
use crate::db::pool::{Generation, Pool, finishing};

/// The most members of a group.
pub(super) const MOST: usize = 64;

/// The age at which a group takes no more members. In tests of this crate its members decide.
const LONGEST: Duration = if cfg!(test) { Duration::from_mins(10) } else { Duration::from_millis(5) };

/// A transaction of SQLite with the changes of its members.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) transaction: DatabaseTransaction,
    pub(super) on: Generation,
    begun: Duration,
    /// Members whose changes are kept, and who wait for the commit.
    pub(super) members: usize,
    outcome: watch::Sender<Option<DbResult<()>>>,
}

impl Group {
    pub(super) fn new((transaction, on): (DatabaseTransaction, Generation)) -> Self {
        Self { transaction, on, begun: Clock::System.ticks(), members: 0, outcome: watch::Sender::new(None) }
    }

    pub(super) fn has_room(&self) -> bool {
        self.members < MOST && Clock::System.ticks().saturating_sub(self.begun) < LONGEST
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome::of(&self.outcome)
    }

    /// Begins the savepoint of the next member. The first member has none: if it fails, so does the whole transaction.
    pub(super) async fn begin_next(&self, pool: &Pool) -> DbResult<()> {
        let next = if self.members == 1 { "SAVEPOINT member" } else { "RELEASE member; SAVEPOINT member" };
        self.execute(pool, next).await
    }

    pub(super) async fn execute(&self, pool: &Pool, sql: &str) -> DbResult<()> {
        finishing(pool, &self.on, None, self.transaction.execute_unprepared(sql)).await.map(|_| ())
    }

    /// Commits, and tells the members. Returns whether it was committed.
    pub(super) async fn commit(self, pool: &Pool) -> bool {
        let Self { transaction, on, outcome, .. } = self;
        let committed = finishing(pool, &on, None, transaction.commit()).await;
        let committed = committed.and_then(|()| Ok(pool.storage().require_same_file()?));
        let is_committed = committed.is_ok();
        outcome.send_replace(Some(committed));
        is_committed
    }

    /// Rolls everything back, and tells the members.
    pub(super) fn fail(self, pool: &Pool) {
        let Self { transaction, outcome, .. } = self;
        drop(transaction);
        let lost = || DbErr::Conn(RuntimeErr::Internal("the transactions of a group failed together".to_owned()));
        let fault = pool.storage().health().fault();
        outcome.send_replace(Some(Err(fault.map_or_else(lost, |fault| WritesRefused::Fault(fault).into()))));
    }
}
