//! The number that a node writes only to read it back.
//!
//! With a value that nodes of the version before leave in place.

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
