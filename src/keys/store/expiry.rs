//! Keys that have expired or will, and what of that is in the audit log.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::key_of;
use crate::keys::model::{Key, KeyId};
use crate::keys::tables::key::{Column, Entity};
use kit::clock::Time;
use kit::db::{DbResult, Source, find_rows};

/// Returns up to `limit` expired keys whose expiry is not in the audit log yet.
pub(in crate::keys) async fn unrecorded_expiries(db: &impl Source, now: Time, limit: u64) -> DbResult<Vec<Key>> {
    let expired = Entity::find()
        .filter(Column::ExpiryRecordedAt.is_null())
        .filter(Column::ExpiresAt.lte(now))
        .filter(Column::RevokedAt.is_null());
    find_rows(db, expired.limit(limit)).await?.into_iter().map(key_of).collect()
}

/// Notes that the expiry is in the audit log. Returns false if that was noted before.
pub(in crate::keys) async fn set_expiry_recorded(db: &impl ConnectionTrait, id: KeyId, now: Time) -> DbResult<bool> {
    let update = Entity::update_many()
        .col_expr(Column::ExpiryRecordedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::ExpiryRecordedAt.is_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// The condition of keys of which no event says that so few days are left.
fn unannounced(days: i16) -> Condition {
    Condition::any().add(Column::ExpiryAnnouncedDays.is_null()).add(Column::ExpiryAnnouncedDays.gt(days))
}

/// Returns up to `limit` active keys that expire until `until`, of which no event says that so few days are left. The first to
/// expire comes first.
pub(in crate::keys) async fn unannounced_expiries(
    db: &impl Source,
    days: i16,
    (now, until): (Time, Time),
    limit: u64,
) -> DbResult<Vec<Key>> {
    let expiring = Entity::find()
        .filter(Column::ExpiryRecordedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::ExpiresAt.lte(until))
        .filter(Column::RevokedAt.is_null())
        .filter(unannounced(days));
    find_rows(db, expiring.order_by_asc(Column::ExpiresAt).limit(limit)).await?.into_iter().map(key_of).collect()
}

/// Notes that an event says that so few days are left. Returns false if that was noted before, or the key was revoked.
pub(in crate::keys) async fn set_expiry_announced(db: &impl ConnectionTrait, id: KeyId, days: i16) -> DbResult<bool> {
    let update = Entity::update_many().col_expr(Column::ExpiryAnnouncedDays, Expr::value(days)).filter(Column::Id.eq(id));
    let update = update.filter(Column::RevokedAt.is_null()).filter(unannounced(days));
    Ok(update.exec(db).await?.rows_affected == 1)
}
