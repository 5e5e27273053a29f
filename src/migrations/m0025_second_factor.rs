//! The moment since when a member has a second factor.
//!
//! Nodes of the version before leave it empty for new members, who have none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = timestamp_with_time_zone_null("second_factor_at");
        manager.alter_table(Table::alter().table("members").add_column(column).take()).await
    }
}
