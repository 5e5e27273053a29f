//! The places where API keys were found in public, by a digest of their addresses: a report that comes again is no news.
//!
//! Nodes of the version before leave the table alone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};

use super::schema::{belongs_to, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leaks = table("key_leaks")
            .col(uuid("workspace_id"))
            .col(uuid("key_id"))
            .col(binary("source"))
            .col(timestamp_with_time_zone("recorded_at"))
            .col(timestamp_with_time_zone_null("handled_at"))
            .primary_key(Index::create().col("workspace_id").col("key_id").col("source"))
            .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
            .foreign_key(&mut belongs_to("key_id", "api_keys"))
            .take();
        manager.create_table(leaks).await
    }
}
