//! The week of the last digest of each workspace, and pauses and revocations of leaked keys that are still to be carried out.
//!
//! Nodes of the version before leave both tables alone: they send no digest, and carry out only what a report comes again for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date, pk_uuid, small_integer, string, text, timestamp_with_time_zone, uuid};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const REMEDIES: &str = "key_leak_remedies";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let digests = table("weekly_digests")
            .col(pk_uuid("workspace_id"))
            // The Monday of the last digest, in the zone of the workspace.
            .col(date("week"))
            .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
            .take();
        manager.create_table(digests).await?;
        let remedies = table(REMEDIES)
            .col(uuid("workspace_id"))
            .col(uuid("key_id"))
            .col(string("remedy"))
            .col(text("reason"))
            .col(timestamp_with_time_zone("due_at"))
            .col(small_integer("attempts"))
            .primary_key(Index::create().col("workspace_id").col("key_id"))
            .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
            .foreign_key(&mut belongs_to("key_id", "api_keys"))
            .take();
        manager.create_table(remedies).await?;
        manager.create_index(index("key_leak_remedies_by_due", REMEDIES, &["due_at"])).await
    }
}
