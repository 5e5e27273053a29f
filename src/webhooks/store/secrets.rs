//! The queries on former secrets.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::webhooks::model::EndpointId;
use crate::webhooks::tables::former_secret::{Column, Entity, Model};
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows};

/// Inserts a secret that still signs.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> DbResult<()> {
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Counts the former secrets that still sign.
pub async fn count(db: &impl Source, endpoint: EndpointId, now: Time) -> DbResult<u64> {
    let valid = Entity::find().filter(Column::EndpointId.eq(endpoint)).filter(Column::ExpiresAt.gt(now));
    count_rows(db, valid).await
}

/// Deletes the former secrets that have ended by `now`, or all of them.
pub async fn delete(db: &impl ConnectionTrait, endpoint: EndpointId, ended_by: Option<Time>) -> DbResult<()> {
    let mut rows = Entity::delete_many().filter(Column::EndpointId.eq(endpoint));
    if let Some(now) = ended_by {
        rows = rows.filter(Column::ExpiresAt.lte(now));
    }
    rows.exec(db).await.map(|_| ())
}
