//! Every query on the stored hashes of passwords.
//!
//! The hash of a member who needs a second step to sign in is stored with a prefix. Nodes of the version before, which know no
//! second step, cannot parse it and refuse the password. Hashes outside this file have no prefix.

use sea_orm::sea_query::{BinOper, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::model::{Email, Member};
use super::store::member_of;
use super::tables::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, count_rows, find_rows, find_tuple};

/// The prefix of the hash of a member who needs a second step.
const GUARD: &str = "2fa:";

/// The seats of one email that a sign-in looks at, the oldest first. A person with more names the workspace.
pub const MAX_SEATS: usize = 5;

/// Returns a stored hash without the prefix.
pub(super) fn unguarded(stored: &str) -> &str {
    stored.strip_prefix(GUARD).unwrap_or(stored)
}

fn guarded(hash: &str) -> String {
    format!("{GUARD}{hash}")
}

fn row_of(member: &Member) -> Condition {
    Condition::all().add(Column::WorkspaceId.eq(member.workspace)).add(Column::Id.eq(member.id))
}

/// Lists the members who may sign in with this email, in any workspace or in one, with the hashes of their passwords.
pub async fn with_password(db: &impl Source, email: &str, workspace: Option<WorkspaceId>) -> DbResult<Vec<(Member, String)>> {
    let mut seats =
        Entity::find().filter(Column::Email.is_in(Email::spellings(email))).filter(Column::PasswordHash.is_not_null());
    if let Some(workspace) = workspace {
        seats = seats.filter(Column::WorkspaceId.eq(workspace));
    }
    let rows = find_rows(db, seats.order_by_asc(Column::CreatedAt).limit(MAX_SEATS as u64)).await?;
    let with_hash = |row: super::tables::Model| {
        let hash = unguarded(row.password_hash.as_deref()?).to_owned();
        Some((member_of(row), hash))
    };
    Ok(rows.into_iter().filter_map(with_hash).collect())
}

/// Finds the hash of a member's password; `None` if they have not joined.
pub async fn password_hash(db: &impl Source, member: &Member) -> DbResult<Option<String>> {
    Ok(stored_hash(db, member).await?.map(|stored| unguarded(&stored).to_owned()))
}

async fn stored_hash(db: &impl Source, member: &Member) -> DbResult<Option<String>> {
    let hash = Entity::find().select_only().column(Column::PasswordHash).filter(row_of(member));
    Ok(find_tuple::<_, (Option<String>,)>(db, hash).await?.and_then(|(hash,)| hash))
}

/// Returns whether this is still the hash of the member's password. If so, replaces it by `renewed`, if that is given.
pub async fn confirm_hash(db: &impl Source, member: &Member, hash: &str, renewed: Option<String>) -> DbResult<bool> {
    let Some(renewed) = renewed else {
        let either = Column::PasswordHash.is_in([hash.to_owned(), guarded(hash)]);
        return Ok(count_rows(db, Entity::find().filter(row_of(member)).filter(either)).await? == 1);
    };
    Ok(replace(db, member, hash, &renewed).await? || replace(db, member, &guarded(hash), &guarded(&renewed)).await?)
}

async fn replace(db: &impl ConnectionTrait, member: &Member, stored: &str, new: &str) -> DbResult<bool> {
    let update = Entity::update_many().col_expr(Column::PasswordHash, Expr::value(new));
    let is_stored = row_of(member).add(Column::PasswordHash.eq(stored));
    Ok(update.filter(is_stored).exec(db).await?.rows_affected == 1)
}

/// Replaces the hash of a member's password. Returns false for a member who has not joined.
pub async fn set_password(db: &impl Source, member: &Member, hash: &str) -> DbResult<bool> {
    let Some(stored) = stored_hash(db, member).await? else { return Ok(false) };
    let new = if stored.starts_with(GUARD) { guarded(hash) } else { hash.to_owned() };
    replace(db, member, &stored, &new).await
}

/// Stores whether the password of a member is shorter than one that has to be enough by itself.
pub async fn set_password_is_short(db: &impl ConnectionTrait, member: &Member, is_short: bool) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::PasswordIsShort, Expr::value(is_short));
    update.filter(row_of(member)).exec(db).await.map(|_| ())
}

/// Returns whether the password of a member is shorter than one that has to be enough by itself.
pub async fn password_is_short(db: &impl Source, member: &Member) -> DbResult<bool> {
    let short = row_of(member).add(Column::PasswordIsShort.eq(true));
    Ok(count_rows(db, Entity::find().filter(short)).await? == 1)
}

/// Stores since when a member has a second factor, and whether they need a second step to sign in.
pub async fn set_second_factor(db: &impl Source, member: &Member, since: Option<Time>, needs_second_step: bool) -> DbResult<()> {
    let mut update = Entity::update_many().col_expr(Column::SecondFactorAt, Expr::value(since));
    if let Some(stored) = stored_hash(db, member).await? {
        let hash = unguarded(&stored);
        let stored = if needs_second_step { guarded(hash) } else { hash.to_owned() };
        update = update.col_expr(Column::PasswordHash, Expr::value(stored));
    }
    update.filter(row_of(member)).exec(db).await.map(|_| ())
}

/// Restores prefixes that a node of the version before has removed, by setting a password with a reset link.
pub async fn restore_guards(db: &Db) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    let with_guard = Expr::value(GUARD).binary(BinOper::Custom("||"), Expr::col(Column::PasswordHash));
    let update = Entity::update_many().col_expr(Column::PasswordHash, with_guard);
    let update = update.filter(Column::SecondFactorAt.is_not_null()).filter(Column::PasswordHash.not_like(format!("{GUARD}%")));
    update.exec(&tx).await?;
    tx.commit().await
}
