//! The policy of each workspace for its API keys, and the end of a rotation: the time at which the old key is revoked.
//!
//! A workspace without a row has the defaults. Nodes of the version before know no policy, and leave the columns of keys empty.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, integer_null, string, timestamp_with_time_zone_null, uuid};

use super::schema::{belongs_to, table};

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
        Ok(())
    }
}
