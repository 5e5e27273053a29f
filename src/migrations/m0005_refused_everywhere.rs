//! From which moment a revoked key was refused on every node.
//!
//! `revoked_at` is when the row was written; the nodes follow within moments. Whoever asks afterwards whether a request of
//! that second can still have been let in needs the later of the two. Keys that were revoked before this have none.

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
