//! The policy of each workspace for its API keys, and the end of a rotation: the time at which the old key is revoked.
//!
//! A workspace without a row has the defaults. Nodes of the version before know no policy, and leave the columns of keys empty.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, integer_null, string, timestamp_with_time_zone_null, uuid};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let policies = table("key_policies")
            .col(uuid("workspace_id").primary_key())
            .col(integer_null("max_lifetime_days"))
            .col(boolean("allow_no_expiration"))
            .col(boolean("require_ip_allowlist_for_write"))
            .col(integer("rotate_after_days"))
            .col(string("on_leak"))
            .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
            .take();
        manager.create_table(policies).await?;
        let mut forced = boolean("revoke_old_forced");
        // SQLite adds one column with a statement.
        for column in [
            timestamp_with_time_zone_null("revoke_old_at"),
            forced.default(false).take(),
            timestamp_with_time_zone_null("rotation_blocked_at"),
        ] {
            manager.alter_table(Table::alter().table("api_keys").add_column(column).take()).await?;
        }
        // Only the keys whose end is still to come: they are looked for every second.
        let is_planned = Expr::col("revoke_old_at").is_not_null().and(Expr::col("rotation_blocked_at").is_null());
        let is_open = is_planned.and(Expr::col("refused_everywhere_at").is_null());
        let mut planned = index("api_keys_by_revoke_old_at", "api_keys", &["revoke_old_at"]);
        manager.create_index(planned.and_where(is_open).take()).await?;
        let is_blocked = Expr::col("rotation_blocked_at").is_not_null().and(Expr::col("revoked_at").is_null());
        let mut blocked = index("api_keys_by_rotation_blocked", "api_keys", &["workspace_id", "rotation_blocked_at"]);
        manager.create_index(blocked.and_where(is_blocked).take()).await
    }
}
