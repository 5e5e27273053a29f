//! What nodes are called, and which version each runs.
//!
//! With a value that nodes of the version before leave in place, so that both can serve while one replaces the other.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["name", "version"] {
            // One at a time: SQLite adds one column a statement.
            let mut alter = Table::alter().table("nodes").take();
            manager.alter_table(alter.add_column(string(column).default("")).take()).await?;
        }
        Ok(())
    }
}
