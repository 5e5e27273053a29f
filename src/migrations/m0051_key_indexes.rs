//! Indexes of keys that are paused or whose rotation ends. They have a transaction of their own: a new column locks a table against
//! reads as well until its transaction ends, an index only against writes.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const TABLE: &str = "api_keys";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_paused = Expr::col("paused_at").is_not_null();
        let mut to_list = index("api_keys_by_age_paused", TABLE, &["workspace_id", "created_at", "id"]);
        manager.create_index(to_list.and_where(is_paused.clone()).take()).await?;
        // SQLite counts without reading rows only if the index contains every column of the condition.
        let counted = ["workspace_id", "paused_until", "paused_at", "expires_at", "revoked_at"];
        let mut to_count = index("api_keys_by_pause", TABLE, &counted);
        manager.create_index(to_count.and_where(is_paused).take()).await?;
        // Pauses that end by themselves. Keys that ended meanwhile are behind the first two columns.
        let mut to_end = index("api_keys_by_pause_end", TABLE, &["expiry_recorded_at", "revoked_at", "paused_until"]);
        manager.create_index(to_end.and_where(Expr::col("paused_until").is_not_null()).take()).await?;
        // Only the keys whose end is still to come: they are looked for every second.
        let is_planned = Expr::col("revoke_old_at").is_not_null().and(Expr::col("rotation_blocked_at").is_null());
        let is_open = is_planned.and(Expr::col("refused_everywhere_at").is_null());
        let mut planned = index("api_keys_by_revoke_old_at", TABLE, &["revoke_old_at"]);
        manager.create_index(planned.and_where(is_open).take()).await?;
        let is_blocked = Expr::col("rotation_blocked_at").is_not_null().and(Expr::col("revoked_at").is_null());
        let mut blocked = index("api_keys_by_rotation_blocked", TABLE, &["workspace_id", "rotation_blocked_at"]);
        manager.create_index(blocked.and_where(is_blocked).take()).await
    }
}
