//! Keys by custodian. A key without a chosen custodian has the one who created it.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Statement,
};

use super::filter::is_of;
use super::{is_live, key_of};
use crate::keys::model::{Key, KeyId};
use crate::keys::tables::key::{Column, Entity};
use crate::members::{self, MemberId};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows, find_rows, rows_of_statement};

/// Custodians in one statement.
const AT_ONCE: usize = 500;

/// The custodian of a key as text. It has an index.
pub(super) fn custodian() -> SimpleExpr {
    Expr::expr(Func::coalesce([Column::CustodianId.into_expr(), Column::CreatedById.into_expr()]))
}

/// The keys in the custody of a member that are neither revoked nor expired.
#[derive(Clone, Debug, Default)]
pub struct Custody {
    /// The number of all of them.
    pub count: u64,
    /// The first ones by name, as many as were asked for.
    pub first: Vec<Key>,
}

fn is_in_custody(workspace: WorkspaceId, member: MemberId, now: Time) -> Condition {
    // For a key that can never be used again, no one has to be responsible.
    is_live(now).add(Column::WorkspaceId.eq(workspace)).add(custodian().eq(member.to_string()))
}

/// Counts the keys in the custody of a member, and reads the first ones.
pub async fn in_custody(db: &impl Source, workspace: WorkspaceId, member: MemberId, now: Time, limit: u64) -> DbResult<Custody> {
    let keys = Entity::find().filter(is_in_custody(workspace, member, now));
    tracing::trace!(sql = %keys.build(db.get_database_backend()), "keys in custody");
    let count = count_rows(db, keys.clone()).await?;
    let first = find_rows(db, keys.order_by_asc(Column::Name).order_by_asc(Column::Id).limit(limit)).await?;
    Ok(Custody { count, first: first.into_iter().map(key_of).collect::<DbResult<_>>()? })
}

/// Makes a member the custodian of all keys in the custody of another one.
pub async fn hand_over(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    from: MemberId,
    to: MemberId,
    now: Time,
) -> DbResult<u64> {
    let update = Entity::update_many().col_expr(Column::CustodianId, Expr::value(to.to_string()));
    Ok(update.filter(is_in_custody(workspace, from, now)).exec(db).await?.rows_affected)
}

/// Makes a member the custodian of keys. Nodes hold no custodians, so that the keys need no revision.
pub(in crate::keys) async fn set_custodian(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: Vec<KeyId>,
    custodian: MemberId,
) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::CustodianId, Expr::value(custodian.to_string()));
    update.filter(is_of(workspace)).filter(Column::Id.is_in(keys)).exec(db).await.map(|_| ())
}

/// Returns up to `most` custodians of keys, in order, by as many searches of that index: it has many keys of few custodians.
async fn custodians(db: &impl Source, workspace: WorkspaceId, most: usize) -> DbResult<Vec<String>> {
    let engine = db.get_database_backend();
    let [first, next] = if engine == DbBackend::Postgres { ["$1", "$2"] } else { ["?", "?"] };
    let custodian = "coalesce(custodian_id, created_by_id)";
    let sql = format!(
        "WITH RECURSIVE custodians (id, number) AS (\
        SELECT (SELECT {custodian} FROM api_keys WHERE workspace_id = {first} ORDER BY {custodian} LIMIT 1), 1 \
        UNION ALL SELECT (SELECT {custodian} FROM api_keys WHERE workspace_id = {next} AND {custodian} > custodians.id \
        ORDER BY {custodian} LIMIT 1), number + 1 FROM custodians WHERE id IS NOT NULL AND number < {most}) \
        SELECT id FROM custodians WHERE id IS NOT NULL"
    );
    let custodians = Statement::from_sql_and_values(engine, sql, [workspace.into(), workspace.into()]);
    tracing::trace!(sql = %custodians, "custodians of keys");
    Ok(rows_of_statement::<(String,)>(db, custodians).await?.into_iter().map(|(id,)| id).collect())
}

/// Returns up to `limit` keys, neither revoked nor expired, without a custodian: that member has left the workspace, or the operator
/// created the key and named no one. Reads the ids of the members and of the custodians, and the keys of those who are gone.
pub async fn orphaned(db: &impl Source, workspace: WorkspaceId, now: Time, limit: u64) -> DbResult<Vec<Key>> {
    let known: HashSet<String> = members::ids(db, workspace).await?.iter().map(ToString::to_string).collect();
    let all = custodians(db, workspace, known.len() + AT_ONCE).await?;
    let gone: Vec<String> = all.into_iter().filter(|custodian| !known.contains(custodian)).collect();
    let mut keys = Vec::new();
    for gone in gone.chunks(AT_ONCE) {
        let left = limit.saturating_sub(keys.len() as u64);
        if left == 0 {
            break;
        }
        let of_workspace = is_live(now).add(Column::WorkspaceId.eq(workspace));
        let is_orphaned = of_workspace.add(custodian().is_in(gone.iter().map(String::as_str)));
        let found = Entity::find().filter(is_orphaned).limit(left);
        tracing::trace!(sql = %found.build(db.get_database_backend()), "keys without a custodian");
        keys.extend(find_rows(db, found).await?.into_iter().map(key_of).collect::<DbResult<Vec<_>>>()?);
    }
    Ok(keys)
}
