//! Webhooks: endpoints, payloads of events, deliveries and their attempts.
//!
//! `audit_heads.event_types` has the patterns of the event types that the endpoints of a workspace receive. A writer, which locks
//! that row anyway, stores the payload of an event only if one of them matches. Nodes of the version before store none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, boolean, integer, small_integer_null, string, string_null, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("audit_heads").add_column(text_null("event_types")).take()).await?;
        payloads(manager).await?;
        endpoints(manager).await?;
        deliveries(manager).await?;
        attempts(manager).await
    }
}

async fn payloads(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("event_payloads")
                .col(uuid("event_id").primary_key())
                .col(uuid("workspace_id"))
                .col(big_integer("sequence"))
                .col(string("event_type"))
                .col(string_null("target_id"))
                .col(text("body"))
                .col(timestamp_with_time_zone("created_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await?;
    manager.create_index(unique("event_payloads_by_sequence", "event_payloads", &["workspace_id", "sequence"])).await?;
    manager.create_index(index("event_payloads_by_target", "event_payloads", &["workspace_id", "target_id"])).await?;
    manager.create_index(index("event_payloads_by_creation", "event_payloads", &["created_at"])).await
}

async fn endpoints(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("webhook_endpoints")
                .col(uuid("id").primary_key())
                .col(uuid("workspace_id"))
                .col(text("url"))
                .col(text_null("description"))
                // Patterns of event types, separated by commas.
                .col(text("events"))
                .col(boolean("is_active"))
                .col(string("schedule"))
                .col(binary("secret"))
                .col(string("secret_hint"))
                .col(timestamp_with_time_zone_null("secret_rotated_at"))
                .col(string("created_by_id"))
                .col(string("created_by_name"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                // The last event before the endpoint, the last one that was turned into deliveries, and the last of its own.
                .col(big_integer("created_sequence"))
                .col(big_integer("planned_sequence"))
                .col(big_integer_null("last_sequence"))
                // The node that delivers; it must have a lease.
                .col(uuid_null("owner"))
                .col(timestamp_with_time_zone_null("last_success_at"))
                .col(timestamp_with_time_zone_null("last_failure_at"))
                // The first failed attempt since the last success.
                .col(timestamp_with_time_zone_null("failing_since"))
                .col(integer("failed_attempts"))
                .col(integer("failed_deliveries"))
                .col(timestamp_with_time_zone_null("warned_at"))
                .col(timestamp_with_time_zone_null("disabled_at"))
                .col(string_null("disabled_reason"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await?;
    manager
        .create_index(index("webhook_endpoints_by_workspace", "webhook_endpoints", &["workspace_id", "created_at", "id"]))
        .await?;
    manager.create_index(index("webhook_endpoints_by_owner", "webhook_endpoints", &["owner"])).await?;
    // Secrets that still sign after a rotation.
    manager
        .create_table(
            table("webhook_former_secrets")
                .col(uuid("id").primary_key())
                .col(uuid("workspace_id"))
                .col(uuid("endpoint_id"))
                .col(binary("secret"))
                .col(timestamp_with_time_zone("expires_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(&mut belongs_to("endpoint_id", "webhook_endpoints"))
                .take(),
        )
        .await?;
    let columns = ["endpoint_id", "expires_at"];
    manager.create_index(index("webhook_former_secrets_by_endpoint", "webhook_former_secrets", &columns)).await
}

async fn deliveries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("webhook_deliveries")
                .col(uuid("id").primary_key())
                .col(uuid("workspace_id"))
                .col(uuid("endpoint_id"))
                .col(uuid("event_id"))
                .col(string("event_type"))
                // Both are empty for a test.
                .col(big_integer_null("sequence"))
                .col(big_integer_null("previous_sequence"))
                // Of a test only: other payloads are those of their events.
                .col(text_null("body"))
                .col(string("status"))
                .col(integer("attempts"))
                // The time of the next attempt; empty at the end.
                .col(timestamp_with_time_zone_null("due_at"))
                .col(uuid_null("resend_of"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(&mut belongs_to("endpoint_id", "webhook_endpoints"))
                .take(),
        )
        .await?;
    let name = "webhook_deliveries";
    manager.create_index(index("webhook_deliveries_by_endpoint", name, &["endpoint_id", "created_at", "id"])).await?;
    manager.create_index(index("webhook_deliveries_by_endpoint_due", name, &["endpoint_id", "due_at", "sequence"])).await?;
    manager.create_index(index("webhook_deliveries_by_due", name, &["due_at"])).await?;
    manager.create_index(index("webhook_deliveries_by_event", name, &["endpoint_id", "event_id"])).await?;
    manager.create_index(index("webhook_deliveries_by_creation", name, &["created_at"])).await
}

async fn attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let key = Index::create().col("delivery_id").col("number").take();
    manager
        .create_table(
            table("webhook_attempts")
                .col(uuid("delivery_id"))
                .col(integer("number"))
                .col(uuid("workspace_id"))
                .col(timestamp_with_time_zone("started_at"))
                .col(big_integer("duration_ms"))
                .col(small_integer_null("status_code"))
                .col(text_null("error"))
                .col(text("request_headers"))
                .col(text_null("response_headers"))
                .col(text_null("response_body"))
                .primary_key(&mut key.clone())
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(&mut belongs_to("delivery_id", "webhook_deliveries"))
                .take(),
        )
        .await
}
