//! API keys, their usage, and the nodes that verify them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer_null, json_binary_null, pk_uuid, small_integer, string, string_null, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        keys(manager).await?;
        usage(manager).await?;
        nodes(manager).await
    }
}

async fn keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("api_keys")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                // SHA-256 of the whole secret; only the hint is stored besides.
                .col(binary("digest").unique_key().check(Expr::cust("length(digest) = 32")))
                .col(string("hint"))
                .col(string("name"))
                .col(text_null("description"))
                .col(string("permissions"))
                .col(small_integer("scopes").check(Expr::cust("scopes > 0")))
                .col(json_binary_null("ip_allowlist"))
                .col(integer_null("rate_requests"))
                .col(integer_null("rate_per_seconds"))
                .col(timestamp_with_time_zone("created_at"))
                .col(string("created_by_id"))
                .col(string("created_by_name"))
                .col(timestamp_with_time_zone_null("expires_at"))
                .col(timestamp_with_time_zone_null("expiry_recorded_at"))
                .col(timestamp_with_time_zone_null("revoked_at"))
                .col(string_null("revoked_by_id"))
                .col(string_null("revoked_by_name"))
                .col(text_null("revoke_reason"))
                .col(uuid_null("rotated_from"))
                // Set by each change that nodes must apply; nodes read rows past the revision that they have applied.
                .col(big_integer("revision"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await?;
    manager.create_index(index("api_keys_by_age", "api_keys", &["workspace_id", "created_at", "id"])).await?;
    manager.create_index(index("api_keys_by_name", "api_keys", &["workspace_id", "name"])).await?;
    manager.create_index(index("api_keys_by_rotation", "api_keys", &["workspace_id", "rotated_from"])).await?;
    manager.create_index(index("api_keys_by_revision", "api_keys", &["revision"])).await?;
    manager.create_index(index("api_keys_by_expiry", "api_keys", &["expiry_recorded_at", "expires_at"])).await
}

async fn usage(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("api_key_usage")
                .col(uuid("workspace_id"))
                .col(uuid("key_id"))
                .col(timestamp_with_time_zone("hour"))
                // The position of the scope in a set, or 255 for requests without a scope.
                .col(small_integer("scope"))
                .col(big_integer("allowed"))
                .col(big_integer("denied"))
                .primary_key(Index::create().col("key_id").col("hour").col("scope"))
                .foreign_key(&mut belongs_to("key_id", "api_keys"))
                .take(),
        )
        .await?;
    manager.create_index(index("api_key_usage_by_workspace", "api_key_usage", &["workspace_id", "hour"])).await?;
    manager
        .create_table(
            table("api_key_addresses")
                .col(uuid("workspace_id"))
                .col(uuid("key_id"))
                .col(string("ip"))
                .col(timestamp_with_time_zone("first_used_at"))
                .col(timestamp_with_time_zone("last_used_at"))
                .primary_key(Index::create().col("key_id").col("ip"))
                .foreign_key(&mut belongs_to("key_id", "api_keys"))
                .take(),
        )
        .await?;
    manager
        .create_table(
            table("api_key_last_uses")
                .col(uuid("key_id").primary_key())
                .col(timestamp_with_time_zone("at"))
                .col(string("ip"))
                .foreign_key(&mut belongs_to("key_id", "api_keys"))
                .take(),
        )
        .await
}

async fn nodes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // One row. Updated in the transaction of each change of a key, so that revisions commit in order.
    manager.create_table(table("revisions").col(small_integer("id").primary_key()).col(big_integer("value")).take()).await?;
    // Typed like the columns: a connection caches prepared statements by text, and a copy uses this text as well.
    let values = [1_i16.into(), 0_i64.into()];
    let first = Query::insert().into_table("revisions").columns(["id", "value"]).values_panic(values).take();
    manager.execute(first).await?;
    manager
        .create_table(
            table("nodes")
                .col(pk_uuid("id"))
                .col(timestamp_with_time_zone("started_at"))
                .col(big_integer("applied_revision"))
                .col(timestamp_with_time_zone("lease_until"))
                .col(string("address"))
                .take(),
        )
        .await?;
    manager
        .create_table(
            table("counters")
                .col(uuid("workspace_id"))
                .col(string("name"))
                .col(big_integer("value"))
                .primary_key(Index::create().col("workspace_id").col("name"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await
}
