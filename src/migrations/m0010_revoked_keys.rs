//! Revoked keys by age: of very many, most are not.

use sea_orm_migration::prelude::*;

use super::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut by_age = index("api_keys_revoked", "api_keys", &["workspace_id", "created_at", "id"]);
        manager.create_index(by_age.and_where(Expr::col("revoked_at").is_not_null()).take()).await
    }
}
