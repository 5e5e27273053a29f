//! Orders in which administrators look through their keys.

use sea_orm_migration::prelude::*;

use super::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // By name whatever its case. As text, which both engines understand: the builder has no index over an expression.
        let by_name = "CREATE INDEX api_keys_by_folded_name ON api_keys (workspace_id, lower(name), id)";
        manager.get_connection().execute_unprepared(by_name).await?;
        // By expiry; and with `revoked_at` it holds all that counting by status asks for.
        manager.create_index(index("api_keys_by_end", "api_keys", &["workspace_id", "expires_at", "id", "revoked_at"])).await
    }
}
