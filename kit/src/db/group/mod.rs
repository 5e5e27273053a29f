//! Group commit on SQLite: writers that queue for the one write connection share a transaction, and so a sync of the disk.
//!
//! Each member of a group runs in turn, in a savepoint. Its commit hands the connection to the next writer and waits until the
//! group is committed, with the result of that. A group ends when no writer waits, when it is full, or when it is old. So no caller may
//! wait inside a transaction for the commit of another one.
//!
//! - A member that is rolled back leaves the others alone. If that or the storage fails, nothing of the group is stored.
//! - Between two members the transaction is known to be open: SQLite ends one by itself only with an error of a statement, after
//!   which a member takes no more of them, or without the member's savepoint, which its end then does not find.
//! - An open group has a member, a waiting writer, or a task that ends it.
//!
//! - here the queue of writers; `member` a transaction; `open` the group; `outcome` the result that members wait for

mod member;
mod open;
mod outcome;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::write_connection::WriteConnection;
use super::{DbResult, sqlite};

pub use member::Member;
use open::Group;
pub use outcome::settled;

/// The time for which the file is free after a group that was full or old. Groups then follow one another.
const YIELD: Duration = Duration::from_millis(1);

/// The writers of a file, first come, first served. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writers(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    connection: WriteConnection,
    /// Held by the writer whose turn it is. Between two members it has the open group.
    turn: Arc<Mutex<Option<Group>>>,
    waiting: AtomicUsize,
    /// True while a task waits for its turn to end a group that takes no more members.
    is_ending: AtomicBool,
    groups: AtomicU64,
    members: AtomicU64,
}

type Turn = OwnedMutexGuard<Option<Group>>;

/// The commits of a file since the start of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupCommits {
    /// Commits.
    pub groups: u64,
    /// The transactions that they stored.
    pub transactions: u64,
}

/// The position of a transaction in its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Position {
    /// Others may follow.
    Any,
    /// No other is in its group: it fails only by itself, and waits for no later one.
    Only,
}

impl Writers {
    pub(super) fn new(connection: WriteConnection) -> Self {
        Self(Arc::new(Queue {
            connection,
            turn: Arc::default(),
            waiting: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
            groups: AtomicU64::new(0),
            members: AtomicU64::new(0),
        }))
    }

    pub(super) fn commits(&self) -> GroupCommits {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GroupCommits { groups: count(&self.0.groups), transactions: count(&self.0.members) }
    }

    /// Begins a transaction: as the next member of the open group, or as the first of a new one.
    pub(super) async fn begin(&self, position: Position) -> DbResult<Member> {
        let mut turn = self.turn().await?;
        let open = match (turn.take(), position) {
            (Some(group), Position::Only) => {
                turn = self.commit_before(turn, group).await?;
                None
            }
            (open, _) => open,
        };
        let group = match open {
            Some(group) => group,
            None => Group::new(self.0.connection.begin().await?),
        };
        Ok(Member::new(self.clone(), (turn, group), position))
    }

    /// Closes the connection after the group that is open.
    pub(super) async fn close(&self) -> DbResult<()> {
        self.0.connection.close().await
    }

    /// Returns the number of writers that wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Acquire)
    }

    async fn turn(&self) -> DbResult<Turn> {
        self.0.waiting.fetch_add(1, Ordering::AcqRel);
        let mut waiting = Waiting { writers: self, handle: Handle::current(), has_turn: false };
        let turn = tokio::time::timeout(sqlite::ACQUIRE, Arc::clone(&self.0.turn).lock_owned()).await;
        let turn = turn.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        waiting.has_turn = true;
        Ok(turn)
    }

    fn has_next(&self, group: &Group) -> bool {
        self.waiting() > 0 && group.has_room()
    }

    /// Keeps the changes of a member for the commit of its group.
    async fn keep(self, mut turn: Turn, mut group: Group, position: Position) {
        group.members += 1;
        if position == Position::Only || !self.has_next(&group) {
            return self.commit(group).await;
        }
        match group.begin_next().await {
            Ok(()) => *turn = Some(group),
            // The connection has reported it.
            Err(_) => self.fail(group),
        }
    }

    /// Undoes the changes of a member, and nothing else of its group. Only if it is not the first: there is a savepoint.
    async fn undo(self, turn: Turn, group: Group) {
        match group.undo().await {
            Ok(()) => self.pass_on(turn, group).await,
            // The connection has reported it.
            Err(_) => self.fail(group),
        }
    }

    /// Leaves the group to the next writer, or ends it.
    async fn pass_on(&self, mut turn: Turn, group: Group) {
        if self.has_next(&group) { *turn = Some(group) } else { self.commit(group).await }
    }

    /// Ends the group that was left open for a writer who went away.
    async fn end(self) {
        let mut turn = Arc::clone(&self.0.turn).lock_owned().await;
        // Not a store: who goes away next either is seen below, or sees that another task is needed.
        self.0.is_ending.swap(false, Ordering::AcqRel);
        if let Some(group) = turn.take() {
            self.pass_on(turn, group).await;
        }
    }

    /// Commits the open group ahead of a transaction that joins none.
    async fn commit_before(&self, turn: Turn, group: Group) -> DbResult<Turn> {
        let writers = self.clone();
        // A task of its own: its members depend on it, also if this caller goes away.
        let committed = tokio::spawn(async move {
            writers.commit(group).await;
            turn
        });
        committed.await.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))
    }

    /// Rolls the whole group back.
    fn fail(&self, group: Group) {
        group.fail(self.0.connection.storage().health().fault());
    }

    async fn commit(&self, group: Group) {
        let (members, is_pressed) = (group.members, !group.has_room());
        if group.commit(self.0.connection.storage()).await {
            self.0.groups.fetch_add(1, Ordering::Relaxed);
            self.0.members.fetch_add(members as u64, Ordering::Relaxed);
        }
        if is_pressed {
            // Another process that writes to the file waits by asking again and again whether it is free.
            tokio::time::sleep(YIELD).await;
        }
    }
}

/// A writer that waits for its turn.
struct Waiting<'a> {
    writers: &'a Writers,
    handle: Handle,
    has_turn: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let queue = &self.writers.0;
        queue.waiting.fetch_sub(1, Ordering::AcqRel);
        // A group may have been left open for this writer alone. One task is enough for all who go away before it has its turn.
        if !self.has_turn && !queue.is_ending.swap(true, Ordering::AcqRel) {
            self.handle.spawn(self.writers.clone().end());
        }
    }
}
