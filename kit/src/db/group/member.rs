//! A transaction in a group.

use std::sync::atomic::{AtomicU8, Ordering};

use rusqlite::Connection;
use sea_orm::{DbErr, RuntimeErr};
use tokio::runtime::Handle;

use super::open::Group;
use super::outcome::read_in;
use super::{Position, Turn, Writers};
use crate::db::DbResult;
use crate::db::error::is_of_statement;

/// The state of a member, from good to bad.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Sound,
    /// A statement was refused, or its caller went away: the member has to be undone.
    Failed,
    /// A statement has failed in a way that may concern the whole transaction.
    Broken,
}

/// A statement that runs. Dropped before its end, it counts as [`State::Failed`].
struct Attempt<'a> {
    state: &'a AtomicU8,
    end: State,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.state.fetch_max(self.end as u8, Ordering::AcqRel);
    }
}

/// A transaction in a group. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Member {
    writers: Writers,
    /// `None` once it has ended.
    active: Option<(Turn, Group)>,
    handle: Handle,
    position: Position,
    /// A [`State`].
    state: AtomicU8,
}

impl Member {
    pub(super) fn new(writers: Writers, active: (Turn, Group), position: Position) -> Self {
        let state = AtomicU8::new(State::Sound as u8);
        Self { writers, active: Some(active), handle: Handle::current(), position, state }
    }

    fn group(&self) -> &Group {
        &self.active.as_ref().expect("taken only when it ends, by value").1
    }

    /// Runs statements, unless one has failed: SQLite may have ended the transaction, and would store the next one by itself.
    pub(in crate::db) async fn run<T: Send + 'static>(
        &self,
        statements: impl FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        self.require_sound()?;
        let mut attempt = Attempt { state: &self.state, end: State::Failed };
        let answer = self.group().transaction.run(statements).await;
        attempt.end = match &answer {
            Ok(_) => State::Sound,
            Err(error) if is_of_statement(error) => State::Failed,
            Err(_) => State::Broken,
        };
        answer
    }

    /// Commits: returns once the group is stored.
    pub(in crate::db) async fn commit(mut self) -> DbResult<()> {
        self.require_sound()?;
        let Some((turn, group)) = self.active.take() else { return Err(failed()) };
        let outcome = group.outcome();
        // A task of its own: the other members depend on it, also if this caller goes away.
        self.handle.spawn(self.writers.clone().keep(turn, group, self.position));
        outcome.wait().await
    }

    /// Rolls back. If there are earlier members, it returns once their changes are stored: what it has read is true by then.
    pub(in crate::db) async fn rollback(mut self) -> DbResult<()> {
        match self.active.take() {
            Some((turn, group)) if group.members == 0 => {
                let rolled_back = group.transaction.rollback().await;
                drop(turn);
                rolled_back
            }
            Some((turn, group)) => {
                let outcome = group.outcome();
                self.abandon(turn, group);
                outcome.wait().await
            }
            None => Ok(()),
        }
    }

    fn abandon(&self, turn: Turn, group: Group) {
        if self.state.load(Ordering::Acquire) < State::Broken as u8 {
            self.handle.spawn(self.writers.clone().undo(turn, group));
        } else {
            self.writers.fail(group);
        }
    }

    fn require_sound(&self) -> DbResult<()> {
        if self.state.load(Ordering::Acquire) == State::Sound as u8 { Ok(()) } else { Err(failed()) }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some((turn, group)) = self.active.take() else { return };
        if group.members == 0 {
            // Queues the rollback, before the turn ends.
            drop(group);
        } else {
            read_in(group.outcome());
            self.abandon(turn, group);
        }
    }
}

fn failed() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("a statement of the transaction has failed, and nothing of it is stored".to_owned()))
}
