//! Findings: their dismissals, and indexes and summaries by which they are computed for very many keys.
//!
//! Nodes of the version before write neither `key_checks`, which a job fills in from the keys, nor `revoked_key_calls`: calls that
//! such a node refuses become findings once a node of this version refuses one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, pk_uuid, small_integer, string, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dismissals(manager).await?;
        checks(manager).await?;
        calls(manager).await?;
        // SQLite prefers an index that contains every column of the condition. It serves keys without expiration as well.
        let columns = ["workspace_id", "created_at", "id", "expires_at", "revoked_at"];
        let mut by_age = index("api_keys_open_by_age", "api_keys", &columns);
        manager.create_index(by_age.and_where(Expr::col("revoked_at").is_null()).take()).await
    }
}

async fn dismissals(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let dismissals = table("finding_dismissals")
        .col(uuid("workspace_id"))
        .col(uuid("finding_id"))
        .col(string("code"))
        // The message of the finding at the time.
        .col(text("message"))
        .col(text("reason"))
        .col(string("target_type"))
        .col(string("target_id"))
        .col(string("target_name"))
        .col(string("dismissed_by_id"))
        .col(string("dismissed_by_name"))
        .col(timestamp_with_time_zone("dismissed_at"))
        .col(timestamp_with_time_zone("ends_at"))
        .primary_key(Index::create().col("workspace_id").col("finding_id"))
        .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
        .take();
    manager.create_table(dismissals).await?;
    manager.create_index(index("finding_dismissals_by_end", "finding_dismissals", &["ends_at"])).await
}

/// The earliest time from which something can hold of a key that depends on its usage, and the time of the next look at the usage.
async fn checks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let checks = table("key_checks")
        .col(uuid("key_id"))
        .col(string("rule"))
        .col(uuid("workspace_id"))
        .col(timestamp_with_time_zone("holds_from"))
        .col(timestamp_with_time_zone("check_at"))
        .col(timestamp_with_time_zone_null("checked_at"))
        // The scopes that were not used, as of the last check.
        .col(small_integer("unused_scopes"))
        .primary_key(Index::create().col("key_id").col("rule"))
        .foreign_key(&mut belongs_to("key_id", "api_keys"))
        .take();
    manager.create_table(checks).await?;
    manager.create_index(index("key_checks_by_start", "key_checks", &["workspace_id", "rule", "holds_from", "key_id"])).await?;
    manager.create_index(index("key_checks_by_time", "key_checks", &["rule", "check_at"])).await?;
    let progress = table("key_check_progress").col(small_integer("id").primary_key()).col(big_integer("revision")).take();
    manager.create_table(progress).await
}

/// The last refused call of each key that was revoked or expired at the time.
async fn calls(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let calls = table("revoked_key_calls")
        .col(pk_uuid("key_id"))
        .col(uuid("workspace_id"))
        .col(timestamp_with_time_zone("first_at"))
        .col(timestamp_with_time_zone("last_at"))
        .col(string("ip"))
        .foreign_key(&mut belongs_to("key_id", "api_keys"))
        .take();
    manager.create_table(calls).await?;
    manager.create_index(index("revoked_key_calls_by_time", "revoked_key_calls", &["workspace_id", "last_at"])).await
}
