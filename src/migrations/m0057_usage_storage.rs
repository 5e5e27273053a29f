//! Storage parameters on Postgres of the tables that a flush of usage updates. SQLite updates rows in place.
//!
//! - A fill factor of 70 for counts: after some flushes of an hour each new version of a row fits into the page of the old one,
//!   and no index is written. With 50 that begins at once, but the table keeps every hour, and a row that is written once would
//!   take twice its space. Pages that are full already stay as they are: the next hour has new rows.
//! - Fewer statistics on last uses and addresses: each flush changes all rows of keys in use, but hardly what statistics say.

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
        // The lock is in the way of no reader and no writer, only of an autovacuum, which ends when it is waited for longer than
        // `deadlock_timeout`: a second, as long as a migration waits otherwise.
        let parameters = "SET LOCAL lock_timeout = '5s'; \
            ALTER TABLE api_key_usage SET (fillfactor = 70); \
            ALTER TABLE api_key_last_uses SET (autovacuum_analyze_scale_factor = 5); \
            ALTER TABLE api_key_addresses SET (autovacuum_analyze_scale_factor = 5); \
            SET LOCAL lock_timeout = '1s'";
        manager.get_connection().execute_unprepared(parameters).await.map(|_| ())
    }
}
