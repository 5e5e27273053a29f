//! Indexes for the orders of the list of keys.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // By name, ignoring case. Raw SQL that both engines understand: the builder has no index over an expression.
        let by_name = "CREATE INDEX api_keys_by_folded_name ON api_keys (workspace_id, lower(name), id)";
        manager.get_connection().execute_unprepared(by_name).await?;
        // By expiry. With `revoked_at` the index covers the count by status.
        manager.create_index(index("api_keys_by_end", "api_keys", &["workspace_id", "expires_at", "id", "revoked_at"])).await
    }
}
