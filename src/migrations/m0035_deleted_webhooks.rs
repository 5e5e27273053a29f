//! Deleted webhooks: an endpoint that is deleted stops at once, and its rows are deleted in small batches afterwards.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = timestamp_with_time_zone_null("deleted_at");
        manager.alter_table(Table::alter().table("webhook_endpoints").add_column(column).take()).await
    }
}
