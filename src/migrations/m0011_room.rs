//! A fill factor of 50 for frequently updated tables: on Postgres a new version of a row then fits into the same page, and no
//! index is written. SQLite updates rows in place.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        // A flush of usage counters updates all rows of a page.
        let half = "ALTER TABLE api_key_last_uses SET (fillfactor = 50); ALTER TABLE api_key_addresses SET (fillfactor = 50)";
        manager.get_connection().execute_unprepared(half).await.map(|_| ())
    }
}
