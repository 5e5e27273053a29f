//! The result of a group's commit, and the answers that wait for it.
//!
//! A transaction reads the changes of earlier members of its group. If it then ends without a commit, as for a conflict with one
//! of them, its answer has to wait for the group as theirs do.

use std::cell::RefCell;

use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::watch;

use crate::db::DbResult;

tokio::task_local! {
    /// The groups in which the request has read. A transaction does not know its request, and ends where nothing can wait.
    static READ_IN: RefCell<Vec<Outcome>>;
}

/// The result of a group's commit.
#[derive(Clone, Debug)]
pub(super) struct Outcome(watch::Receiver<Option<DbResult<()>>>);

impl Outcome {
    pub(super) fn of(sender: &watch::Sender<Option<DbResult<()>>>) -> Self {
        Self(sender.subscribe())
    }

    /// Waits for the end of the group; fails if it was not stored.
    pub(super) async fn wait(mut self) -> DbResult<()> {
        let ended = self.0.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        ended.ok().flatten().unwrap_or_else(|| Err(unknown()))
    }

    fn is_stored(&self) -> bool {
        matches!(*self.0.borrow(), Some(Ok(())))
    }
}

/// Notes that the request has read in a group, without a commit of its own.
pub(super) fn read_in(outcome: Outcome) {
    // Outside a request there is no answer.
    let _outside = READ_IN.try_with(|read_in| {
        let mut read_in = read_in.borrow_mut();
        read_in.retain(|outcome| !outcome.is_stored());
        read_in.push(outcome);
    });
}

/// Runs a request, and returns its answer once the changes of others that it has read are stored. Fails if they are not.
///
/// It covers the transactions of the task that polls it, and not of tasks that the request spawns.
pub async fn settled<T>(request: impl Future<Output = T>) -> DbResult<T> {
    let answered = async {
        let answer = request.await;
        let outcomes = READ_IN.with(RefCell::take);
        for outcome in outcomes {
            outcome.wait().await?;
        }
        Ok(answer)
    };
    READ_IN.scope(RefCell::default(), answered).await
}

/// The task that commits has ended by itself.
fn unknown() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("it is not known whether the transaction was committed".to_owned()))
}
