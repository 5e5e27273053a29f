//! The audit log, the head of each workspace's chain, and the responses kept for `Idempotency-Key`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, json_binary, pk_uuid, small_integer, string, string_null, text, text_null, timestamp_with_time_zone,
    uuid,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("audit_events")
                    .col(pk_uuid("id"))
                    .col(uuid("workspace_id"))
                    .col(big_integer("sequence").check(Expr::cust("sequence > 0")))
                    .col(timestamp_with_time_zone("occurred_at"))
                    .col(string("action"))
                    .col(string("outcome"))
                    .col(string("actor_type"))
                    .col(string_null("actor_id"))
                    .col(string_null("actor_name"))
                    .col(string_null("target_type"))
                    .col(string_null("target_id"))
                    .col(string_null("target_name"))
                    .col(string_null("ip"))
                    .col(text_null("user_agent"))
                    .col(string_null("request_id"))
                    .col(json_binary("details"))
                    .col(binary("hash"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .take(),
            )
            .await?;
        // The order of events is the chain: a sequence number is used once.
        manager.create_index(unique("audit_events_by_sequence", "audit_events", &["workspace_id", "sequence"])).await?;
        for (name, column) in
            [("audit_events_by_action", "action"), ("audit_events_by_actor", "actor_id"), ("audit_events_by_target", "target_id")]
        {
            manager.create_index(index(name, "audit_events", &["workspace_id", column, "sequence"])).await?;
        }
        manager
            .create_table(
                table("audit_heads")
                    .col(uuid("workspace_id").primary_key())
                    .col(big_integer("sequence"))
                    .col(binary("hash"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("idempotent_answers")
                    .col(uuid("workspace_id"))
                    .col(string("actor"))
                    .col(string("key"))
                    .col(binary("fingerprint"))
                    .col(small_integer("status"))
                    .col(text("body"))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("workspace_id").col("actor").col("key"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .take(),
            )
            .await?;
        manager.create_index(index("idempotent_answers_by_age", "idempotent_answers", &["created_at"])).await
    }
}
