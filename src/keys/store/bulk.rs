//! Changes of many keys of a workspace at once.

use std::collections::HashSet;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::filter::is_of;
use super::{is_live, key_of};
use crate::keys::model::{Key, KeyId};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows, find_rows, find_tuples};

/// Keys in one statement. Each binds three values, and SQLite 32,766 at most; none must take longer than a statement may.
const AT_ONCE: usize = 500;

/// Lists the first active and paused keys of a workspace by name, with the number of all.
pub async fn list_first_live(db: &impl Source, workspace: WorkspaceId, now: Time, limit: u64) -> DbResult<(Vec<Key>, u64)> {
    let live = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now));
    let total = count_rows(db, live.clone()).await?;
    let rows = find_rows(db, live.order_by_asc(Column::Name).order_by_asc(Column::Id).limit(limit)).await?;
    Ok((rows.into_iter().map(key_of).collect::<DbResult<_>>()?, total))
}

/// Writes the revocation of keys, and their revisions. All have one time, person and reason.
pub(in crate::keys) async fn set_revoked(db: &impl ConnectionTrait, keys: &[Key]) -> DbResult<()> {
    for keys in keys.chunks(AT_ONCE) {
        let Some(first) = keys.first() else { break };
        let by = first.revoked_by.clone();
        let revision = || keys.iter().fold(CaseStatement::new(), |case, key| case.case(Column::Id.eq(key.id), key.revision));
        // The forms of a name are kept if they are those of the present name.
        let is_fresh = Expr::col(Column::NameFormsOf).equals(Column::Revision);
        let forms_of = CaseStatement::new().case(is_fresh, revision()).finally(Expr::col(Column::NameFormsOf));
        Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(first.revoked_at))
            .col_expr(Column::RevokedById, Expr::value(by.as_ref().map(|by| by.id.clone())))
            .col_expr(Column::RevokedByName, Expr::value(by.map(|by| by.name)))
            .col_expr(Column::RevokeReason, Expr::value(first.revoke_reason.clone()))
            .col_expr(Column::NameFormsOf, forms_of.into())
            .col_expr(Column::Revision, revision().into())
            .filter(is_of(first.workspace))
            .filter(Column::Id.is_in(keys.iter().map(|key| key.id)))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Notes the time since which every node refuses revoked keys. Returns those for which that was not noted before.
pub(in crate::keys) async fn set_all_refused_everywhere(
    db: &impl Source,
    workspace: WorkspaceId,
    keys: &[Key],
    since: Time,
) -> DbResult<HashSet<KeyId>> {
    let mut noted = HashSet::new();
    for keys in keys.chunks(AT_ONCE) {
        let unconfirmed = is_of(workspace)
            .and(Column::Id.is_in(keys.iter().map(|key| key.id)))
            .and(Column::RevokedAt.is_not_null())
            .and(Column::RefusedEverywhereAt.is_null());
        let open = Entity::find().select_only().column(Column::Id).filter(unconfirmed.clone());
        noted.extend(find_tuples::<_, (KeyId,)>(db, open).await?.into_iter().map(|(id,)| id));
        let update = Entity::update_many().col_expr(Column::RefusedEverywhereAt, Expr::value(since));
        update.filter(unconfirmed).exec(db).await?;
    }
    Ok(noted)
}
