//! Queries on nodes and revisions.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{KEY_RULES, LOG_FORMAT, Node, NodeId, NodeRun};
use super::tables::{node, revision, run};
use kit::clock::Time;
use kit::db::{Channel, DbResult, Source, Tx, find_row, find_rows};

/// Wakes nodes up when a revision is committed.
pub const CHANGES: Channel = Channel("planeconnection");

const ONLY_ROW: i16 = 1;

/// Runs of nodes that are kept; older ones are deleted.
const MAX_RUNS: u64 = 10_000;

/// Returns the next revision and notifies other nodes when the transaction commits. The row stays locked until then, so that
/// revisions commit in order: changes of keys of all workspaces wait from here on. What else the transaction has to wait for, such as
/// the row of a key, it locks before.
pub async fn next_revision(tx: &Tx) -> DbResult<i64> {
    next_revisions(tx, 1).await
}

/// Returns the first of the next `count` revisions, for as many changes in one transaction, as [`next_revision`] does for one.
pub async fn next_revisions(tx: &Tx, count: usize) -> DbResult<i64> {
    let count = i64::try_from(count).map_err(|_| DbErr::Type("a number out of range".to_owned()))?;
    let up = revision::Entity::update_many()
        .col_expr(revision::Column::Value, Expr::col(revision::Column::Value).add(count))
        .filter(revision::Column::Id.eq(ONLY_ROW));
    up.exec(tx).await?;
    tx.announce(CHANGES).await?;
    Ok(current_revision(tx).await? - count + 1)
}

/// Returns the last revision.
pub async fn current_revision(db: &impl Source) -> DbResult<i64> {
    let row = find_row(db, revision::Entity::find_by_id(ONLY_ROW)).await?;
    row.map(|row| row.value).ok_or_else(|| DbErr::RecordNotFound("the revision counter".to_owned()))
}

/// Inserts the row of a node.
pub(super) async fn insert(db: &impl ConnectionTrait, node: Node) -> DbResult<()> {
    let Node { id, name, address, version, started_at, applied_revision, lease_until, probe, log_format, delivers, key_rules } =
        node;
    let row = node::Model {
        id,
        started_at,
        applied_revision,
        lease_until,
        address,
        name,
        version,
        probe,
        log_format,
        delivers,
        key_rules,
    };
    // An earlier attempt may have inserted it without receiving the response.
    let anew =
        OnConflict::column(node::Column::Id).update_columns([node::Column::AppliedRevision, node::Column::LeaseUntil]).to_owned();
    node::Entity::insert(row.into_active_model()).on_conflict(anew).exec_without_returning(db).await.map(|_| ())
}

/// Records the run of a node, and deletes the oldest runs past [`MAX_RUNS`].
pub(super) async fn insert_run(db: &impl Source, node: &Node) -> DbResult<()> {
    let NodeRun { id, name, address, version, started_at } = node.clone().into();
    let row = run::Model { id, name, address, version, started_at };
    // A node that rejoins has a row already.
    let again = OnConflict::column(run::Column::Id).update_column(run::Column::StartedAt).to_owned();
    run::Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(db).await?;
    let newest = run::Entity::find().order_by_desc(run::Column::StartedAt).order_by_desc(run::Column::Id);
    match find_row(db, newest.offset(MAX_RUNS)).await? {
        None => Ok(()),
        Some(first_too_many) => {
            let old = run::Entity::delete_many().filter(run::Column::StartedAt.lte(first_too_many.started_at));
            old.exec(db).await.map(|_| ())
        }
    }
}

/// Returns all runs of nodes, the newest first.
pub async fn runs(db: &impl Source) -> DbResult<Vec<NodeRun>> {
    let newest = run::Entity::find().order_by_desc(run::Column::StartedAt).order_by_desc(run::Column::Id);
    Ok(find_rows(db, newest).await?.into_iter().map(run_of).collect())
}

fn run_of(row: run::Model) -> NodeRun {
    let run::Model { id, name, address, version, started_at } = row;
    NodeRun { id, name, address, version, started_at }
}

/// Renews a lease and writes the applied revision. Returns false if the row is missing or does not contain `before`.
pub(super) async fn renew(db: &impl ConnectionTrait, id: NodeId, before: i64, applied: i64, lease_until: Time) -> DbResult<bool> {
    let update = node::Entity::update_many()
        .col_expr(node::Column::AppliedRevision, Expr::value(applied))
        .col_expr(node::Column::LeaseUntil, Expr::value(lease_until))
        .filter(node::Column::Id.eq(id))
        .filter(node::Column::AppliedRevision.eq(before));
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Writes the number of a probe. Returns false if the node has no row.
pub(super) async fn set_probe(db: &impl ConnectionTrait, id: NodeId, number: i64) -> DbResult<bool> {
    let update = node::Entity::update_many().col_expr(node::Column::Probe, Expr::value(number)).filter(node::Column::Id.eq(id));
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Returns all nodes, the longest running first.
pub async fn all(db: &impl Source) -> DbResult<Vec<Node>> {
    let nodes = node::Entity::find().order_by_asc(node::Column::StartedAt).order_by_asc(node::Column::Id);
    let rows = find_rows(db, nodes).await?;
    Ok(rows.into_iter().map(node_of).collect())
}

/// Returns the end of the last lease of a node that does not read the audit events of this version.
pub async fn last_lease_of_older_log_format(db: &impl Source) -> DbResult<Option<Time>> {
    let older = node::Entity::find().filter(node::Column::LogFormat.lt(LOG_FORMAT));
    Ok(find_row(db, older.order_by_desc(node::Column::LeaseUntil)).await?.map(|row| row.lease_until))
}

/// Returns whether there is a node that does not keep the rules of keys of this version. It counts even if its lease has expired:
/// without one, it decides by the rows that it can read.
pub async fn has_node_of_older_key_rules(db: &impl Source) -> DbResult<bool> {
    let older = node::Entity::find().filter(node::Column::KeyRules.lt(KEY_RULES));
    Ok(find_row(db, older).await?.is_some())
}

/// Deletes the rows of other nodes that have not confirmed `revision`.
pub(super) async fn delete_behind(db: &impl ConnectionTrait, except: NodeId, revision: i64) -> DbResult<()> {
    let behind = node::Entity::delete_many().filter(node::Column::AppliedRevision.lt(revision));
    behind.filter(node::Column::Id.ne(except)).exec(db).await.map(|_| ())
}

pub(super) async fn find(db: &impl Source, id: NodeId) -> DbResult<Option<Node>> {
    Ok(find_row(db, node::Entity::find_by_id(id)).await?.map(node_of))
}

pub(super) async fn delete(db: &impl ConnectionTrait, id: NodeId) -> DbResult<()> {
    node::Entity::delete_by_id(id).exec(db).await.map(|_| ())
}

/// Deletes the row of a node unless its lease was renewed since `lease` was read. Returns whether the row was deleted.
pub(super) async fn delete_expired(db: &impl ConnectionTrait, id: NodeId, lease: Time) -> DbResult<bool> {
    let same = node::Entity::delete_many().filter(node::Column::Id.eq(id)).filter(node::Column::LeaseUntil.eq(lease));
    Ok(same.exec(db).await?.rows_affected == 1)
}

fn node_of(row: node::Model) -> Node {
    let node::Model {
        id,
        started_at,
        applied_revision,
        lease_until,
        address,
        name,
        version,
        probe,
        log_format,
        delivers,
        key_rules,
    } = row;
    Node { id, name, address, version, started_at, applied_revision, lease_until, probe, log_format, delivers, key_rules }
}
