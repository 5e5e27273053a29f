//! Pauses of keys, and the nodes that hold them: nodes of earlier versions do not read these columns and leave `key_rules` at its
//! default.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{small_integer, string_null, timestamp_with_time_zone_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `paused_everywhere_at` is the time from which every node has refused the key.
        for column in ["paused_at", "paused_until", "paused_everywhere_at"] {
            add_column(manager, "api_keys", timestamp_with_time_zone_null(column)).await?;
        }
        for column in ["paused_by_id", "paused_by_name"] {
            add_column(manager, "api_keys", string_null(column)).await?;
        }
        add_column(manager, "nodes", small_integer("key_rules").default(0).take()).await
    }
}

async fn add_column(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}
