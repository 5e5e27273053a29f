//! Queries of the request log.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::id::RequestId;
use super::model::{AcceptedCall, Cause, KeyFacts, LATEST, LatestRequest, Refusal, RefusedKey};
use super::tables::{gap, latest, refusal};
use crate::keys::KeyId;
use crate::scopes::{Scope, Scopes};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, find_row, find_rows, find_tuple, find_tuples, insert_packed};

/// Rows that one transaction deletes.
const AT_ONCE: u64 = 1_000;

/// Finds the refusals with a request id in a workspace, or among those of no workspace, the newest first.
pub(super) async fn find(
    db: &impl Source,
    workspace: Option<WorkspaceId>,
    id: &RequestId,
    since: Time,
    limit: u64,
) -> DbResult<Vec<Refusal>> {
    use refusal::Column;
    let of_workspace = match workspace {
        Some(workspace) => Column::WorkspaceId.eq(workspace),
        None => Column::WorkspaceId.is_null(),
    };
    let rows = refusal::Entity::find()
        .filter(of_workspace)
        .filter(Column::RequestId.eq(id.as_str()))
        .filter(Column::At.gte(since))
        .order_by_desc(Column::At)
        .limit(limit);
    tracing::trace!(sql = %rows.build(db.get_database_backend()), "refusals with a request id");
    Ok(find_rows(db, rows).await?.into_iter().map(refusal_of).collect())
}

/// Returns whether refusals of a workspace, or of no workspace, were not kept since a time.
pub(super) async fn has_gap(db: &impl Source, workspace: Option<WorkspaceId>, since: Time) -> DbResult<bool> {
    use gap::Column;
    let of_workspace = match workspace {
        Some(workspace) => Column::WorkspaceId.eq(workspace),
        None => Column::WorkspaceId.is_null(),
    };
    Ok(find_row(db, gap::Entity::find().filter(of_workspace).filter(Column::At.gte(since))).await?.is_some())
}

/// Lists the latest requests of a key, the newest first.
pub(super) async fn latest(db: &impl Source, workspace: WorkspaceId, key: KeyId, since: Time) -> DbResult<Vec<LatestRequest>> {
    use latest::Column;
    let of_key = latest::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    let rows = of_key.filter(Column::At.gte(since)).order_by_desc(Column::At).limit(LATEST);
    tracing::trace!(sql = %rows.build(db.get_database_backend()), "latest requests of a key");
    Ok(find_rows(db, rows).await?.into_iter().map(latest_of).collect())
}

/// The statuses of requests that were refused before they were handled.
const REFUSED: [i16; 3] = [401, 403, 429];

/// Returns the stored calls of a key that needed one of these scopes and were accepted from `since` on and before `until`, the last
/// one first.
pub async fn accepted_calls(
    db: &impl Source,
    workspace: WorkspaceId,
    key: KeyId,
    scopes: Scopes,
    (since, until): (Time, Time),
) -> DbResult<Vec<AcceptedCall>> {
    use latest::Column;
    let of_key = latest::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    let in_time = of_key.filter(Column::At.gte(since)).filter(Column::At.lt(until));
    let accepted = in_time.filter(Column::Scope.is_in(scopes.iter().map(scope_column))).filter(Column::Status.is_not_in(REFUSED));
    let columns = [Column::Scope, Column::Method, Column::Route];
    let calls = accepted.select_only().columns(columns).expr_as(Column::At.max(), "last");
    let calls = calls.group_by(Column::Scope).group_by(Column::Method).group_by(Column::Route);
    let rows: Vec<(i16, String, Option<String>, Time)> = find_tuples(db, calls).await?;
    let call = |(scope, method, route, last_at)| Some(AcceptedCall { scope: scope_of(scope)?, method, route, last_at });
    let mut calls: Vec<AcceptedCall> = rows.into_iter().filter_map(call).collect();
    calls.sort_by(|one, other| (other.last_at, &one.route, &one.method).cmp(&(one.last_at, &other.route, &other.method)));
    calls.truncate(usize::try_from(LATEST).unwrap_or(usize::MAX));
    Ok(calls)
}

pub(super) async fn insert_refusals<'a>(
    db: &impl ConnectionTrait,
    refusals: impl IntoIterator<Item = &'a Refusal>,
) -> DbResult<()> {
    let rows: Vec<_> = refusals.into_iter().map(row_of_refusal).collect();
    // A flush whose commit was reported as failed is repeated.
    let known = OnConflict::column(refusal::Column::Id).do_nothing().to_owned();
    insert_packed::<refusal::Entity>(db, &rows, Some(known)).await
}

pub async fn insert_latest<'a>(db: &impl ConnectionTrait, requests: impl IntoIterator<Item = &'a LatestRequest>) -> DbResult<()> {
    let mut rows: Vec<_> = requests.into_iter().map(row_of_latest).collect();
    // The same order on every node: nodes that write the same rows at once queue instead of deadlocking.
    rows.sort_unstable_by_key(|row| (row.workspace_id, row.key_id, row.at));
    let columns = [latest::Column::WorkspaceId, latest::Column::KeyId, latest::Column::At];
    insert_packed::<latest::Entity>(db, &rows, Some(OnConflict::columns(columns).do_nothing().to_owned())).await
}

pub(super) async fn insert_gaps(db: &impl ConnectionTrait, rows: &[(Uuid, Option<WorkspaceId>, u64)], at: Time) -> DbResult<()> {
    let row = |(id, workspace, skipped): &(Uuid, Option<WorkspaceId>, u64)| gap::Model {
        id: *id,
        workspace_id: *workspace,
        at,
        skipped: i64::try_from(*skipped).unwrap_or(i64::MAX),
    };
    insert_packed::<gap::Entity>(db, &rows.iter().map(row).collect::<Vec<_>>(), None).await
}

/// Deletes the requests of keys of a workspace beyond those that are listed, but the last one of each call: shadow mode names rare
/// calls of busy keys.
pub(super) async fn trim(db: &impl ConnectionTrait, workspace: WorkspaceId, keys: &[KeyId]) -> DbResult<()> {
    use latest::Column;
    let place = Expr::cust("row_number() OVER (PARTITION BY key_id ORDER BY at DESC)");
    let of_call =
        Expr::cust("row_number() OVER (PARTITION BY key_id, method, route, scope, status IN (401, 403, 429) ORDER BY at DESC)");
    let ranked = Query::select()
        .columns([Column::KeyId, Column::At])
        .expr_as(place, "place")
        .expr_as(of_call, "of_call")
        .from(latest::Entity)
        .and_where(Column::WorkspaceId.eq(workspace))
        .and_where(Column::KeyId.is_in(keys.iter().copied()))
        .take();
    let surplus = Query::select()
        .columns(["key_id", "at"])
        .from_subquery(ranked, "ranked")
        .and_where(Expr::col("place").gt(i64::try_from(LATEST).unwrap_or(i64::MAX)))
        .and_where(Expr::col("of_call").gt(1))
        .take();
    let row = Expr::tuple([Expr::col(Column::KeyId), Expr::col(Column::At)]);
    let of_workspace = latest::Entity::delete_many().filter(Column::WorkspaceId.eq(workspace));
    of_workspace.filter(row.in_subquery(surplus)).exec(db).await?;
    Ok(())
}

/// Deletes everything that is older than `before`, some rows in a transaction.
pub(super) async fn purge(db: &Db, before: Time) -> DbResult<()> {
    purge_table::<refusal::Entity>(db, refusal::Column::At, before).await?;
    purge_table::<gap::Entity>(db, gap::Column::At, before).await?;
    purge_table::<latest::Entity>(db, latest::Column::At, before).await
}

async fn purge_table<E: EntityTrait>(db: &Db, at: E::Column, before: Time) -> DbResult<()> {
    let times = || E::find().select_only().column(at).filter(at.lt(before)).order_by_asc(at);
    loop {
        if find_tuple::<_, (Time,)>(db.read(), times()).await?.is_none() {
            return Ok(());
        }
        let bound: Option<(Time,)> = find_tuple(db.read(), times().offset(AT_ONCE)).await?;
        let old = bound.map_or_else(|| at.lt(before), |(bound,)| at.lte(bound));
        let tx = db.begin_essential().await?;
        E::delete_many().filter(old).exec(&tx).await?;
        tx.commit().await?;
    }
}

fn row_of_refusal(refusal: &Refusal) -> refusal::Model {
    refusal::Model {
        id: refusal.id,
        workspace_id: refusal.workspace,
        request_id: refusal.request_id.clone(),
        at: refusal.at,
        method: refusal.method.clone(),
        route: refusal.route.clone(),
        status: status_column(refusal.status),
        code: refusal.code.clone(),
        reason: refusal.cause.map_or("", Cause::label).to_owned(),
        key_id: refusal.key.as_ref().map(|key| key.id),
        key_name: refusal.key.as_ref().map(|key| key.name.clone()),
        facts: refusal.facts.as_ref().and_then(|facts| serde_json::to_string(facts).ok()),
    }
}

fn refusal_of(row: refusal::Model) -> Refusal {
    let facts: Option<KeyFacts> = row.facts.and_then(|facts| serde_json::from_str(&facts).ok());
    Refusal {
        id: row.id,
        workspace: row.workspace_id,
        request_id: row.request_id,
        at: row.at,
        method: row.method,
        route: row.route,
        status: u16::try_from(row.status).unwrap_or_default(),
        code: row.code,
        cause: Cause::from_label(&row.reason, facts.as_ref().and_then(|facts| facts.required_scope)),
        key: row.key_id.map(|id| RefusedKey { id, name: row.key_name.unwrap_or_default() }),
        facts,
    }
}

fn row_of_latest(request: &LatestRequest) -> latest::Model {
    latest::Model {
        workspace_id: request.workspace,
        key_id: request.key,
        at: request.at,
        request_id: request.request_id.clone(),
        method: request.method.clone(),
        route: request.route.clone(),
        status: status_column(request.status),
        code: request.code.clone(),
        ip: request.address.clone(),
        scope: request.scope.map(scope_column),
    }
}

fn latest_of(row: latest::Model) -> LatestRequest {
    LatestRequest {
        workspace: row.workspace_id,
        key: row.key_id,
        at: row.at,
        request_id: row.request_id,
        method: row.method,
        route: row.route,
        status: u16::try_from(row.status).unwrap_or_default(),
        code: row.code,
        address: row.ip,
        scope: row.scope.and_then(scope_of),
    }
}

fn scope_column(scope: Scope) -> i16 {
    i16::try_from(scope.index()).unwrap_or_default()
}

fn scope_of(column: i16) -> Option<Scope> {
    usize::try_from(column).ok().and_then(Scope::from_index)
}

fn status_column(status: u16) -> i16 {
    i16::try_from(status).unwrap_or_default()
}
