//! The application of a batch in audited transactions.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::context::AuditContext;
use super::transaction::AuditedTx;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::http::{ApiError, Batch, BatchResult, ItemError, JsonOk, Put, Results, require_valid};

/// Items in one transaction. The other writes of the workspace, such as the revocation of a key, get their turn in between.
const CHUNK: usize = 50;

/// The time for which the transaction of an atomic batch holds up the other writes of the workspace. They wait for up to six
/// seconds.
const LONGEST: Duration = Duration::from_secs(3);

/// The message for an atomic batch that takes longer than [`LONGEST`].
const TOO_LONG: &str =
    "The batch takes too long to be stored at once, so nothing was changed. Send fewer items, or leave out atomic.";

/// The author of a batch.
#[derive(Debug)]
pub struct BatchAuthor {
    pub workspace: WorkspaceId,
    pub context: AuditContext,
}

/// Applies the items of a batch in their order, in transactions of fifty items, and an atomic batch in a single one.
///
/// `apply` is the use case, `view` shows its result in the response, and `disclose` removes from an error what the caller may not
/// know. If a transaction fails, the items before it are stored, and it and later items have its error. Fails if none is stored.
pub async fn apply_batch<T, S, E, V>(
    core: &Core,
    author: BatchAuthor,
    batch: Batch<T>,
    apply: impl for<'t> Fn(&'t mut AuditedTx, T) -> BoxFuture<'t, Result<Put<S>, E>> + Send + Sync,
    view: impl Fn(S) -> V + Send + Sync,
    disclose: impl Fn(E) -> E + Send + Sync,
) -> Result<JsonOk<BatchResult<V>>, ApiError>
where
    T: Send,
    S: Send,
    E: ItemError + Send,
    V: Serialize + Send,
{
    let Batch { is_atomic, items } = batch;
    if is_atomic {
        // Before the audit log of the workspace is locked.
        require_valid(&items)?;
    }
    let mut results = Results::new(is_atomic, items.len());
    let size = if is_atomic { items.len() } else { CHUNK };
    let mut items = items.into_iter();
    while items.len() > 0 {
        let chunk: Vec<_> = items.by_ref().take(size).collect();
        let stored: Result<(), ApiError> = async {
            let mut tx = AuditedTx::begin(core, author.workspace, author.context.clone()).await?;
            let deadline = core.clock.ticks() + LONGEST;
            let is_late = || is_atomic && core.clock.ticks() > deadline;
            for item in chunk {
                let item = match item {
                    Ok(item) => item,
                    Err(invalid) => {
                        results.refuse(invalid);
                        continue;
                    }
                };
                let before = tx.sequence();
                let put = apply(&mut tx, item).await.map(|put| put.map(&view)).map_err(&disclose);
                if let Ok(put) = &put
                    && tx.sequence() > before
                {
                    tx.add_row(put.get())?;
                }
                results.add(put)?;
                if is_late() {
                    break;
                }
            }
            // An item that failed would fail again, however fast the batch is.
            results.require_whole()?;
            if is_late() {
                return Err(ApiError::overloaded(TOO_LONG));
            }
            Ok(tx.commit().await?)
        }
        .await;
        match stored {
            Ok(()) => results.keep(),
            Err(error) if results.is_any_kept() => {
                results.abandon(&error);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(JsonOk(results.into_result()))
}
