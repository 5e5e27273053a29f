//! An index for listing and counting revoked keys, of which there are few.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revoked = Expr::col("revoked_at").is_not_null();
        let mut to_list = index("api_keys_by_age_revoked", "api_keys", &["workspace_id", "created_at", "id"]);
        manager.create_index(to_list.and_where(revoked.clone()).take()).await?;
        // SQLite counts without reading rows only if the index contains `revoked_at`, although its condition would suffice.
        let mut to_count = index("api_keys_by_revocation", "api_keys", &["workspace_id", "revoked_at"]);
        manager.create_index(to_count.and_where(revoked).take()).await
    }
}
