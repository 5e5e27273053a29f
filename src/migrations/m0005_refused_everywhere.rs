//! The time from which every node refused a revoked key.
//!
//! `revoked_at` is the time of the commit, and nodes apply it shortly after. This later time answers whether a request in
//! between can have been accepted. Keys that were revoked before this migration have none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter().table("api_keys").take();
        manager.alter_table(alter.add_column(timestamp_with_time_zone_null("refused_everywhere_at")).take()).await
    }
}
