//! The request log: refused requests, gaps in them, and the latest requests of keys.
//!
//! No foreign keys: a row that a rollback of the database has orphaned must not keep others from being written, and ages out.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, pk_uuid, small_integer, string, string_null, text_null, timestamp_with_time_zone, uuid, uuid_null,
};

use super::schema::{index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        refusals(manager).await?;
        gaps(manager).await?;
        latest(manager).await
    }
}

async fn refusals(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "refused_requests";
    manager
        .create_table(
            table(name)
                .col(pk_uuid("id"))
                // Empty if the request had no key that is known.
                .col(uuid_null("workspace_id"))
                .col(string("request_id"))
                .col(timestamp_with_time_zone("at"))
                .col(string("method"))
                // The pattern of the route.
                .col(string_null("route"))
                .col(small_integer("status"))
                .col(string("code"))
                .col(string("reason"))
                .col(uuid_null("key_id"))
                .col(string_null("key_name"))
                // The state of the key as JSON.
                .col(text_null("facts"))
                .take(),
        )
        .await?;
    let columns = ["workspace_id", "request_id", "at"];
    manager.create_index(index("refused_requests_by_request", name, &columns)).await?;
    manager.create_index(index("refused_requests_by_time", name, &["at"])).await
}

async fn gaps(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "refused_request_gaps";
    manager
        .create_table(
            table(name)
                .col(pk_uuid("id"))
                .col(uuid_null("workspace_id"))
                .col(timestamp_with_time_zone("at"))
                // Refused requests that were not kept, up to this time.
                .col(big_integer("skipped"))
                .take(),
        )
        .await?;
    manager.create_index(index("refused_request_gaps_by_workspace", name, &["workspace_id", "at"])).await?;
    manager.create_index(index("refused_request_gaps_by_time", name, &["at"])).await
}

async fn latest(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "api_key_requests";
    manager
        .create_table(
            table(name)
                .col(uuid("workspace_id"))
                .col(uuid("key_id"))
                .col(timestamp_with_time_zone("at"))
                .col(string("request_id"))
                .col(string("method"))
                .col(string_null("route"))
                .col(small_integer("status"))
                .col(string_null("code"))
                .col(string_null("ip"))
                .primary_key(Index::create().col("workspace_id").col("key_id").col("at"))
                .take(),
        )
        .await?;
    manager.create_index(index("api_key_requests_by_time", name, &["at"])).await
}
