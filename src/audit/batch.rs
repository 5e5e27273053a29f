//! The application of a batch in audited transactions.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::context::AuditContext;
use super::transaction::AuditedTx;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::http::{ApiError, Batch, BatchResult, ItemError, JsonOk, Put, Results};

/// Items in one transaction. The other writes of the workspace, such as the revocation of a key, get their turn in between.
const CHUNK: usize = 50;

/// The time for which the transaction of an atomic batch holds up the other writes of the workspace. They wait for up to six
/// seconds.
const LONGEST: Duration = Duration::from_secs(3);

/// The author of a batch.
#[derive(Debug)]
pub struct BatchAuthor {
    pub workspace: WorkspaceId,
    pub context: AuditContext,
}

/// The use case of a batch.
struct ItemHandler<Apply, View, Disclose> {
    apply: Apply,
    view: View,
    disclose: Disclose,
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
    let handler = ItemHandler { apply, view, disclose };
    let (count, mut items) = (items.len(), items.into_iter());
    let mut results = Results::new(is_atomic);
    let size = if is_atomic { count } else { CHUNK };
    while items.len() > 0 {
        let chunk: Vec<_> = items.by_ref().take(size).collect();
        match apply_chunk(core, &author, chunk, &handler, &mut results).await {
            Ok(()) => results.keep(),
            Err(error) if results.is_any_kept() => {
                results.abandon(count, &error);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(JsonOk(results.into_result()))
}

async fn apply_chunk<T, S, E, V>(
    core: &Core,
    author: &BatchAuthor,
    chunk: Vec<Result<T, ApiError>>,
    handler: &ItemHandler<
        impl for<'t> Fn(&'t mut AuditedTx, T) -> BoxFuture<'t, Result<Put<S>, E>> + Send + Sync,
        impl Fn(S) -> V + Send + Sync,
        impl Fn(E) -> E + Send + Sync,
    >,
    results: &mut Results<V>,
) -> Result<(), ApiError>
where
    T: Send,
    S: Send,
    E: ItemError + Send,
    V: Serialize + Send,
{
    let mut tx = AuditedTx::begin(core, author.workspace, author.context.clone()).await?;
    let begun = core.clock.ticks();
    for item in chunk {
        match item {
            Ok(item) => {
                let before = tx.sequence();
                let put = (handler.apply)(&mut tx, item).await;
                let put = put.map(|put| put.map(&handler.view)).map_err(&handler.disclose);
                if let Ok(put) = &put
                    && tx.sequence() > before
                {
                    // As for a single call: the row is about as long as its view.
                    tx.add_stored(serde_json::to_vec(put.get()).map_or(0, |view| view.len()));
                }
                results.add(put)?;
            }
            Err(invalid) => results.refuse(invalid),
        }
        if results.is_atomic() && core.clock.ticks().saturating_sub(begun) > LONGEST {
            return Err(ApiError::overloaded(
                "The batch takes too long to be stored at once, so nothing was changed. Send fewer items, or leave out atomic.",
            ));
        }
    }
    results.require_whole()?;
    Ok(tx.commit().await?)
}
