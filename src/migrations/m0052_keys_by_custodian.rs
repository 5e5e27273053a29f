//! The index of keys by their custodian: of all keys, so it takes longest, and has a transaction of its own.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Raw SQL that both engines understand: the builder has no index over an expression. Not a partial one of the keys that are
        // not revoked: SQLite would prefer it to better indexes for every query on these.
        let by_custodian = "CREATE INDEX api_keys_by_custodian ON api_keys (workspace_id, coalesce(custodian_id, created_by_id), created_at, id)";
        manager.get_connection().execute_unprepared(by_custodian).await.map(|_| ())
    }
}
