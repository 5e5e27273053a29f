//! Shadow mode of keys: a smaller set of scopes, and the time in which what it would refuse is counted. And the scope that each of the
//! latest requests of a key needed, which nodes of the version before leave empty.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, small_integer, small_integer_null, string, timestamp_with_time_zone, uuid};

use super::schema::{belongs_to, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let shadows = table("key_shadows")
            .col(uuid("workspace_id"))
            .col(uuid("key_id"))
            .col(small_integer("scopes"))
            .col(timestamp_with_time_zone("started_at"))
            .col(timestamp_with_time_zone("ends_at"))
            .col(string("started_by_id"))
            .col(string("started_by_name"))
            // Accepted requests by scope in the hour of the start, before it.
            .col(json_binary("counted_before"))
            .primary_key(Index::create().col("workspace_id").col("key_id"))
            .foreign_key(&mut belongs_to("key_id", "api_keys"))
            .take();
        manager.create_table(shadows).await?;
        let scope = Table::alter().table("api_key_requests").add_column(small_integer_null("scope")).take();
        manager.alter_table(scope).await
    }
}
