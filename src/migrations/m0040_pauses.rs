//! Pauses of keys, and the nodes that hold them: nodes of earlier versions do not read these columns and leave `key_rules` at its
//! default.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{small_integer, string_null, timestamp_with_time_zone_null};

use super::schema::index;

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
        add_column(manager, "nodes", small_integer("key_rules").default(0).take()).await?;
        let is_paused = Expr::col("paused_at").is_not_null();
        let mut to_list = index("api_keys_by_age_paused", "api_keys", &["workspace_id", "created_at", "id"]);
        manager.create_index(to_list.and_where(is_paused.clone()).take()).await?;
        // SQLite counts without reading rows only if the index contains every column of the condition.
        let counted = ["workspace_id", "paused_until", "paused_at", "expires_at", "revoked_at"];
        let mut to_count = index("api_keys_by_pause", "api_keys", &counted);
        manager.create_index(to_count.and_where(is_paused).take()).await?;
        // Those that end by themselves. Keys that ended meanwhile are behind the first two columns.
        let mut to_end = index("api_keys_by_pause_end", "api_keys", &["expiry_recorded_at", "revoked_at", "paused_until"]);
        manager.create_index(to_end.and_where(Expr::col("paused_until").is_not_null()).take()).await
    }
}

async fn add_column(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}
