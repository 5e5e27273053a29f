//! The nodes that deliver webhooks: those of this version with a secret key. Nodes of earlier versions leave the column at its
//! default. And an index of the deliveries of an event.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut delivers = boolean("delivers");
        let nodes = Table::alter().table("nodes").add_column(delivers.default(false)).take();
        manager.alter_table(nodes).await?;
        manager.create_index(index("webhook_deliveries_by_event_id", "webhook_deliveries", &["event_id"])).await
    }
}
