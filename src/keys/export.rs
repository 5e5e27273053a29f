//! The list of keys as a CSV file, the newest first, as a stream of chunks. Memory does not grow with the number of keys.

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::model::{KeyQuery, Status};
use super::service::{self, Include, KeyDetails};
use super::store;
use crate::audit::{ExportError, ExportRequest};
use kit::clock::Time;
use kit::csv::{self, Cell};
use kit::paging::Paging;

/// Keys of one chunk.
const BATCH: u32 = 500;

const HEADER: [&str; 24] = [
    "id",
    "name",
    "description",
    "hint",
    "status",
    "permissions",
    "scopes",
    "createdAt",
    "createdById",
    "createdByName",
    "custodianId",
    "custodianName",
    "expiresAt",
    "lastUsedAt",
    "lastUsedIp",
    "revokedAt",
    "revokedById",
    "revokedByName",
    "revokeReason",
    "refusedEverywhereAt",
    "rotatedFrom",
    "rotatedTo",
    "ipAllowlist",
    "rateLimit",
];

struct Progress {
    query: KeyQuery,
    /// The time of the request, by which all keys are filtered.
    now: Time,
    /// The keys to be written next; `None` after the last.
    next: Option<Paging>,
    is_first: bool,
}

/// Streams the keys that match `query`, whatever its order. The stream ends early, with an error, once the caller may not read any
/// more.
pub(super) fn export(request: ExportRequest, query: KeyQuery) -> impl Stream<Item = Result<Bytes, ExportError>> + Send {
    let now = request.core().clock.now();
    let query = KeyQuery { order: KeyQuery::default().order, ..query };
    let start = Progress { query, now, next: Some(Paging::page(1, BATCH)), is_first: true };
    try_unfold((request, start), |(request, mut progress)| async move {
        let Some(paging) = progress.next.take() else { return Ok(None) };
        let _permit = request.next_batch().await.inspect_err(|error| request.log_end(error, &paging.start))?;
        let (db, workspace) = (request.core().db.read(), request.workspace());
        let (found, position) = store::find_page(db, workspace, &progress.query, paging, progress.now).await?;
        let found = service::read_details(db, found, Include::LastUseAndSuccessor).await?;
        let mut chunk = Vec::new();
        if std::mem::take(&mut progress.is_first) {
            csv::write_header(&mut chunk, &HEADER);
        }
        csv::write_rows(&mut chunk, found.into_iter().map(|details| row(details, progress.now)));
        progress.next = position.map(|position| Paging::after(position, BATCH));
        Ok(Some((Bytes::from(chunk), (request, progress))))
    })
}

fn row(details: KeyDetails, now: Time) -> [Cell; 24] {
    let KeyDetails { key, last_use, successor, custodian, .. } = details;
    let status: Status = key.status(now);
    let optional = Cell::optional;
    let time = |time: Option<Time>| Cell::optional(time.map(|time| time.to_string()));
    let (custodian_id, custodian_name) = custodian.map(|custodian| (custodian.id, custodian.name)).unzip();
    let (last_used_at, last_used_ip) = last_use.map(|last| (last.at, last.ip)).unzip();
    let (revoked_by_id, revoked_by_name) = key.revoked_by.map(|by| (by.id, by.name)).unzip();
    let scopes: Vec<String> = key.scopes.iter().map(|scope| scope.to_string()).collect();
    let blocks: Vec<String> = key.allowlist.blocks().iter().map(ToString::to_string).collect();
    let rate_limit = key.rate_limit.map(|limit| format!("{} in {} s", limit.requests, limit.per_seconds));
    [
        Cell::Text(key.id.to_string()),
        Cell::Text(key.name),
        optional(key.description),
        Cell::Text(key.hint),
        Cell::Text(status.as_str().to_owned()),
        Cell::Text(key.permissions.as_str().to_owned()),
        Cell::Text(scopes.join(" ")),
        Cell::Text(key.created_at.to_string()),
        Cell::Text(key.created_by.id),
        Cell::Text(key.created_by.name),
        optional(custodian_id),
        optional(custodian_name),
        time(key.expires_at),
        time(last_used_at),
        optional(last_used_ip),
        time(key.revoked_at),
        optional(revoked_by_id),
        optional(revoked_by_name),
        optional(key.revoke_reason),
        time(key.refused_everywhere_at),
        optional(key.rotated_from.map(|id| id.to_string())),
        optional(successor.map(|id| id.to_string())),
        Cell::Text(blocks.join(" ")),
        optional(rate_limit),
    ]
}
