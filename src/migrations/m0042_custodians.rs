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
        manager.alter_table(Table::alter().table("api_keys").add_column(string_null("custodian_id")).take()).await
    }
}
