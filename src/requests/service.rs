//! Look-ups in the request log: of the database, and of what this node has not written yet.

use super::id::RequestId;
use super::log::RequestLog;
use super::model::{KEPT, LATEST, LatestRequest, Refusal};
use super::store;
use crate::core::Core;
use crate::keys::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::lock::lock;

/// The largest numbers of refusals in a response: of the workspace, and of no workspace. The latter anybody may have caused.
const MOST: (u64, u64) = (50, 10);

/// The refusals with one request id.
#[derive(Clone, Debug)]
pub struct Refusals {
    /// The newest first.
    pub items: Vec<Refusal>,
    /// True if some refusals of the time that is kept were not kept, since there were too many at once.
    pub is_sampled: bool,
}

/// Finds the refusals with a request id: those of keys of the workspace, and those without a known key.
pub async fn find(core: &Core, log: &RequestLog, workspace: WorkspaceId, id: &RequestId) -> DbResult<Refusals> {
    let (db, since) = (core.db.read(), core.clock.now().before(KEPT));
    let mut items = find_of(db, log, Some(workspace), id, since, MOST.0).await?;
    items.extend(find_of(db, log, None, id, since, MOST.1).await?);
    items.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
    Ok(Refusals { items, is_sampled: is_sampled(db, log, workspace, since).await? })
}

async fn find_of(
    db: &impl Source,
    log: &RequestLog,
    workspace: Option<WorkspaceId>,
    id: &RequestId,
    since: Time,
    most: u64,
) -> DbResult<Vec<Refusal>> {
    // Memory first: a refusal that is written meanwhile is found twice, not missed.
    let mut found = log.refusals.matching(|refusal| refusal.workspace == workspace && refusal.request_id == id.as_str());
    for stored in store::find(db, workspace, id, since, most).await? {
        if found.iter().all(|known| known.id != stored.id) {
            found.push(stored);
        }
    }
    found.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(found)
}

async fn is_sampled(db: &impl Source, log: &RequestLog, workspace: WorkspaceId, since: Time) -> DbResult<bool> {
    let of = [Some(workspace), None];
    let is_skipped = {
        let skipped = lock(&log.skipped);
        of.iter().any(|workspace| skipped.contains_key(workspace))
    };
    Ok(is_skipped || store::has_gap(db, of[0], since).await? || store::has_gap(db, of[1], since).await?)
}

/// Lists the latest requests of a key, the newest first.
pub async fn latest(core: &Core, log: &RequestLog, workspace: WorkspaceId, key: KeyId) -> DbResult<Vec<LatestRequest>> {
    let since = core.clock.now().before(KEPT);
    let mut requests = log.latest.matching(|request| request.workspace == workspace && request.key == key);
    for stored in store::latest(core.db.read(), workspace, key, since).await? {
        if requests.iter().all(|known| known.at != stored.at) {
            requests.push(stored);
        }
    }
    requests.sort_by_key(|request| std::cmp::Reverse(request.at));
    requests.truncate(usize::try_from(LATEST).unwrap_or(usize::MAX));
    Ok(requests)
}
