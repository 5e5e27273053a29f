//! Names and versions of nodes.
//!
//! With default values, so that nodes of the previous version can still insert rows during an upgrade.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["name", "version"] {
            // SQLite adds one column per statement.
            let mut alter = Table::alter().table("nodes").take();
            manager.alter_table(alter.add_column(string(column).default("")).take()).await?;
        }
        Ok(())
    }
}
