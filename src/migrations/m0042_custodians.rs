//! The custodian of a key: the member who is responsible for it.
//!
//! A key without one has the custodian `created_by_id`, so that keys of nodes of the version before have one as well.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("api_keys").add_column(string_null("custodian_id")).take()).await?;
        // Raw SQL that both engines understand: the builder has no index over an expression. Not a partial one of the keys that are
        // not revoked: SQLite would prefer it to better indexes for every query on these.
        let by_custodian = "CREATE INDEX api_keys_by_custodian ON api_keys (workspace_id, coalesce(custodian_id, created_by_id), created_at, id)";
        manager.get_connection().execute_unprepared(by_custodian).await.map(|_| ())
    }
}
