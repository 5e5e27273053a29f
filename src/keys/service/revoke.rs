//! The end of a key.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{person, publish, target};
use crate::app::App;
use crate::audit::{Action, By, Work};
use crate::cluster;
use crate::keys::error::Error;
use crate::keys::format::scrub;
use crate::keys::model::{Key, KeyId, RevokeKey};
use crate::keys::store;
use crate::kit::db::DbResult;
use crate::workspaces::WorkspaceId;

/// The key is refused everywhere by then: whoever revoked it does not wait for the note of it for long.
const NOTING: Duration = Duration::from_secs(1);

/// Revokes a key, for good. When this returns, every node refuses it. A second call changes nothing.
pub async fn revoke(app: &App, workspace: WorkspaceId, by: By, id: KeyId, input: RevokeKey) -> Result<Key, Error> {
    let mut work = Work::begin(app, workspace, by).await?;
    let mut key = store::find(work.tx(), workspace, id).await?.ok_or(Error::NotFound)?;
    if key.revoked_at.is_some() {
        // The first call may have been cut off before every node had confirmed; this one keeps the promise as well.
        drop(work);
        app.index.apply(&key);
        app.cluster.wait_for_others(app, key.revision).await;
        return Ok(noted(app, key).await);
    }
    key.revoked_at = Some(work.now());
    key.revoked_by = Some(person(&work));
    // Whoever reports a leak may paste what leaked: the reason is kept, the key in it is not.
    let reason = input.reason.map(|reason| scrub(reason.as_str()).into_owned());
    key.revoke_reason = reason.filter(|text| !text.is_empty());
    key.revision = cluster::next_revision(work.tx()).await?;
    store::set(work.tx(), &key).await?;
    work.record(Action::KeyRevoked, Some(target(&key)), json!({ "reason": key.revoke_reason, "hint": key.hint })).await?;
    publish(work, &key, None).await?;
    Ok(noted(app, key).await)
}

/// The key, which every node refuses by now, with the note that says so. The promise does not depend on the note: if it
/// cannot be written, the key is revoked all the same.
async fn noted(app: &App, mut key: Key) -> Key {
    if key.refused_everywhere_at.is_none() {
        match timeout(NOTING, note(app, &key)).await {
            Ok(Ok(Some(known))) => key.refused_everywhere_at = known.refused_everywhere_at,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(%error, key = %key.id, "from when on a key is refused could not be noted"),
            Err(_) => tracing::warn!(key = %key.id, "from when on a key is refused could not be noted in time"),
        }
    }
    key
}

/// Two calls at once may both have waited: what the first has noted stays. The log has its event already.
async fn note(app: &App, key: &Key) -> DbResult<Option<Key>> {
    let since = app.clock.now();
    let tx = app.db.begin().await?;
    store::set_refused_everywhere(&tx, key.id, since).await?;
    let known = store::find(&tx, key.workspace, key.id).await?;
    tx.commit().await?;
    Ok(known)
}
