//! A committed change of a key: on this node's index, and on every other node.

use std::time::Duration;

use crate::audit::AuditedTx;
use crate::cluster::{Confirmation, LocalChange};
use crate::keys::context::Keys;
use crate::keys::error::Error;
use crate::keys::index::IndexedKey;
use crate::keys::model::Key;
use crate::keys::store;
use kit::db::{Db, DbResult, Fault, WritesRefused};

/// The number of attempts to read a change back from a database that cannot be read, and the pause between two.
const READ_ATTEMPTS: u32 = 5;
const READ_PAUSE: Duration = Duration::from_millis(100);

/// Commits, applies the key to this node's index, and waits until every other node has applied it.
///
/// `status` is the HTTP status of the response if a repetition of the request must get it again.
pub(super) async fn commit_and_propagate(
    keys: &Keys,
    mut tx: AuditedTx,
    key: &Key,
    status: Option<u16>,
) -> Result<Confirmation, Error> {
    apply_after_commit(keys, &mut tx, key);
    match status {
        // Only the id is stored for a repetition: the secret is in one response.
        Some(status) => tx.commit_answering(status, &key.id).await?,
        None => tx.commit().await?,
    }
    Ok(confirm(keys, key).await?)
}

/// Applies the key to this node's index once the transaction has committed.
pub(super) fn apply_after_commit(keys: &Keys, tx: &mut AuditedTx, key: &Key) {
    let (context, committed) = (keys.clone(), key.clone());
    tx.after_commit(move || apply(&context, &committed));
}

/// Repeats the propagation of a change that was committed before.
pub(super) async fn propagate_again(keys: &Keys, key: &Key) -> DbResult<Confirmation> {
    apply(keys, key);
    confirm(keys, key).await
}

fn apply(keys: &Keys, key: &Key) {
    keys.cluster.note_pending_local_change(LocalChange::from(key));
    keys.index.apply(&IndexedKey::from(key));
}

async fn confirm(keys: &Keys, key: &Key) -> DbResult<Confirmation> {
    require_stored(&keys.db, key).await?;
    Ok(keys.cluster.wait_for_others(key.revision).await)
}

/// Reads a change of a key back over another connection than the one that wrote it. Fails if it is missing: the commit that the
/// connection reported was not stored. A database that cannot be read is tried several times, as the change is committed.
pub(super) async fn require_stored(db: &Db, key: &Key) -> DbResult<()> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match store::find(db.read(), key.workspace, key.id).await {
            Ok(Some(stored)) if stored.revision >= key.revision => return Ok(()),
            Ok(_) => {
                db.storage().health().report(Fault::Unconfirmed);
                return Err(WritesRefused::Fault(Fault::Unconfirmed).into());
            }
            Err(error) if attempts >= READ_ATTEMPTS => return Err(error),
            Err(_) => tokio::time::sleep(READ_PAUSE).await,
        }
    }
}
