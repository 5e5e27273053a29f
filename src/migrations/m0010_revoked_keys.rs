//! Revoked keys, to list and to count: of very many, most are not.

use sea_orm_migration::prelude::*;

use super::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revoked = Expr::col("revoked_at").is_not_null();
        let mut to_list = index("api_keys_by_age_revoked", "api_keys", &["workspace_id", "created_at", "id"]);
        manager.create_index(to_list.and_where(revoked.clone()).take()).await?;
        // SQLite counts without reading rows only where the index holds `revoked_at`, though its condition says enough.
        let mut to_count = index("api_keys_by_revocation", "api_keys", &["workspace_id", "revoked_at"]);
        manager.create_index(to_count.and_where(revoked).take()).await
    }
}
