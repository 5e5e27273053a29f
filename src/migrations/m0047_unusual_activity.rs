//! Unusual activity of keys, once for each key, kind and day; and an index that finds addresses by their first use.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date, json_binary, string, timestamp_with_time_zone, uuid};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const TABLE: &str = "api_key_unusual";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table(TABLE)
                    .col(uuid("workspace_id"))
                    .col(uuid("key_id"))
                    .col(string("kind"))
                    // The day in the zone of the workspace.
                    .col(date("day"))
                    .col(timestamp_with_time_zone("at"))
                    .col(json_binary("details"))
                    .primary_key(Index::create().col("workspace_id").col("key_id").col("kind").col("day"))
                    .foreign_key(&mut belongs_to("key_id", "api_keys"))
                    .take(),
            )
            .await?;
        manager.create_index(index("api_key_unusual_by_time", TABLE, &["workspace_id", "at"])).await?;
        // A first use never changes, so that updates of the last use need not write this index.
        let columns = ["workspace_id", "first_used_at"];
        manager.create_index(index("api_key_addresses_by_first_use", "api_key_addresses", &columns)).await
    }
}
