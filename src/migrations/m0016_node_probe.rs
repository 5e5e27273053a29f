//! The number that a node writes for a probe and reads back.
//!
//! With a default value, so that nodes of the previous version can still insert rows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter().table("nodes").take();
        manager.alter_table(alter.add_column(big_integer("probe").default(0)).take()).await
    }
}
