//! Every query on authenticator apps, backup codes and wrong codes.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{BackupCode, FAILURE_WINDOW, FailedCodeId, MAX_FAILURES};
use super::tables::{backup_code, failed_code, totp};
use crate::members::{Member, MemberId};
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, count_rows, find_row, find_tuples};
use kit::random::Random;
use kit::secret::TokenDigest;

/// Finds the authenticator app that sign-ins ask for.
pub(super) async fn enabled_totp(db: &impl Source, member: MemberId) -> DbResult<Option<totp::Model>> {
    let own = totp::Entity::find().filter(totp::Column::MemberId.eq(member));
    find_row(db, own.filter(totp::Column::EnabledAt.is_not_null())).await
}

/// Finds the authenticator app that was begun to be set up after `since`.
pub(super) async fn pending_totp(db: &impl Source, member: MemberId, since: Time) -> DbResult<Option<totp::Model>> {
    let own = totp::Entity::find().filter(totp::Column::MemberId.eq(member)).filter(totp::Column::EnabledAt.is_null());
    find_row(db, own.filter(totp::Column::CreatedAt.gt(since))).await
}

pub(super) async fn insert_totp(db: &impl ConnectionTrait, row: totp::Model) -> DbResult<()> {
    totp::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Deletes the authenticator app that is being set up.
pub(super) async fn delete_pending_totp(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    let own = totp::Entity::delete_many().filter(totp::Column::MemberId.eq(member));
    own.filter(totp::Column::EnabledAt.is_null()).exec(db).await.map(|_| ())
}

/// Deletes the authenticator app that sign-ins ask for. Returns false if there is none.
pub(super) async fn delete_enabled_totp(db: &impl ConnectionTrait, member: MemberId) -> DbResult<bool> {
    let own = totp::Entity::delete_many().filter(totp::Column::MemberId.eq(member));
    Ok(own.filter(totp::Column::EnabledAt.is_not_null()).exec(db).await?.rows_affected > 0)
}

/// Stores the step of an accepted code. Returns false if it, or a later one, was stored before: of two requests with one code,
/// on any nodes, only one gets true.
pub(super) async fn advance_step(db: &impl ConnectionTrait, row: &totp::Model, step: i64) -> DbResult<bool> {
    let is_later = Condition::any().add(totp::Column::LastStep.is_null()).add(totp::Column::LastStep.lt(step));
    let update = totp::Entity::update_many().col_expr(totp::Column::LastStep, Expr::value(step));
    Ok(update.filter(totp::Column::Id.eq(row.id)).filter(is_later).exec(db).await?.rows_affected == 1)
}

pub(super) async fn set_verified(db: &impl ConnectionTrait, row: &totp::Model, now: Time) -> DbResult<()> {
    let update = totp::Entity::update_many().col_expr(totp::Column::VerifiedAt, Expr::value(now));
    update.filter(totp::Column::Id.eq(row.id)).exec(db).await.map(|_| ())
}

pub(super) async fn set_enabled(db: &impl ConnectionTrait, row: &totp::Model, now: Time) -> DbResult<()> {
    let update = totp::Entity::update_many().col_expr(totp::Column::EnabledAt, Expr::value(now));
    update.filter(totp::Column::Id.eq(row.id)).exec(db).await.map(|_| ())
}

/// Stores the digests of backup codes. `enabled_at` is empty during a set-up.
pub(super) async fn insert_codes(
    db: &impl ConnectionTrait,
    member: &Member,
    codes: &[BackupCode],
    now: Time,
    enabled_at: Option<Time>,
) -> DbResult<()> {
    let (workspace_id, member_id) = (member.workspace, member.id);
    let rows = codes.iter().map(|code| {
        let digest = code.digest().to_vec();
        backup_code::Model { digest, workspace_id, member_id, created_at: now, enabled_at }.into_active_model()
    });
    backup_code::Entity::insert_many(rows).exec_without_returning(db).await.map(|_| ())
}

/// Deletes the backup codes of a set-up.
pub(super) async fn delete_pending_codes(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    let own = backup_code::Entity::delete_many().filter(backup_code::Column::MemberId.eq(member));
    own.filter(backup_code::Column::EnabledAt.is_null()).exec(db).await.map(|_| ())
}

/// Deletes the backup codes that can be used.
pub(super) async fn delete_enabled_codes(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    let own = backup_code::Entity::delete_many().filter(backup_code::Column::MemberId.eq(member));
    own.filter(backup_code::Column::EnabledAt.is_not_null()).exec(db).await.map(|_| ())
}

pub(super) async fn enable_pending_codes(db: &impl ConnectionTrait, member: MemberId, now: Time) -> DbResult<()> {
    let update = backup_code::Entity::update_many().col_expr(backup_code::Column::EnabledAt, Expr::value(now));
    let pending = update.filter(backup_code::Column::MemberId.eq(member)).filter(backup_code::Column::EnabledAt.is_null());
    pending.exec(db).await.map(|_| ())
}

/// Counts the backup codes that are left.
pub(super) async fn count_codes(db: &impl Source, member: MemberId) -> DbResult<u64> {
    let own = backup_code::Entity::find().filter(backup_code::Column::MemberId.eq(member));
    count_rows(db, own.filter(backup_code::Column::EnabledAt.is_not_null())).await
}

/// Uses a backup code up. Returns false if it is unknown, or was used before.
pub(super) async fn take_code(db: &impl ConnectionTrait, member: MemberId, digest: TokenDigest) -> DbResult<bool> {
    let known = backup_code::Entity::delete_by_id(digest.to_vec()).filter(backup_code::Column::MemberId.eq(member));
    Ok(known.filter(backup_code::Column::EnabledAt.is_not_null()).exec(db).await?.rows_affected == 1)
}

/// Deletes the authenticator apps and backup codes of a member, also those of a set-up.
pub(super) async fn delete_all(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    totp::Entity::delete_many().filter(totp::Column::MemberId.eq(member)).exec(db).await?;
    backup_code::Entity::delete_many().filter(backup_code::Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}

/// Returns the time until the member may enter another code, if they have had too many wrong ones.
pub(super) async fn wait_of(db: &impl Source, member: MemberId, now: Time) -> DbResult<Option<Duration>> {
    let own = failed_code::Entity::find().select_only().column(failed_code::Column::FailedAt);
    let lately =
        own.filter(failed_code::Column::MemberId.eq(member)).filter(failed_code::Column::FailedAt.gt(now.before(FAILURE_WINDOW)));
    let newest_first = lately.order_by_desc(failed_code::Column::FailedAt).limit(MAX_FAILURES);
    let failures: Vec<(Time,)> = find_tuples(db, newest_first).await?;
    let oldest = failures.last().filter(|_| failures.len() as u64 >= MAX_FAILURES);
    Ok(oldest.map(|(oldest,)| oldest.after(FAILURE_WINDOW).since(now)))
}

/// Counts a wrong code.
pub(super) async fn insert_failure(db: &impl ConnectionTrait, random: &Random, member: &Member, now: Time) -> DbResult<()> {
    let (id, workspace_id, member_id) = (FailedCodeId::new(now, random), member.workspace, member.id);
    let row = failed_code::Model { id, workspace_id, member_id, failed_at: now };
    failed_code::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Deletes wrong codes that no limit counts any more, and set-ups that were not completed.
pub(super) async fn forget_old(db: &Db, pending_since: Time, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    let old = failed_code::Entity::delete_many().filter(failed_code::Column::FailedAt.lte(now.before(FAILURE_WINDOW)));
    old.exec(&tx).await?;
    let pending = totp::Entity::delete_many().filter(totp::Column::EnabledAt.is_null());
    pending.filter(totp::Column::CreatedAt.lte(pending_since)).exec(&tx).await?;
    let pending = backup_code::Entity::delete_many().filter(backup_code::Column::EnabledAt.is_null());
    pending.filter(backup_code::Column::CreatedAt.lte(pending_since)).exec(&tx).await?;
    tx.commit().await
}
