//! Room in the pages of rows that are written again and again: on Postgres the new version of a row is then beside the old one, and
//! no index is written. SQLite writes a row where it is.

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
        // A write of usage touches every row of a page.
        let half = "ALTER TABLE api_key_last_uses SET (fillfactor = 50); ALTER TABLE api_key_addresses SET (fillfactor = 50)";
        manager.get_connection().execute_unprepared(half).await.map(|_| ())
    }
}
