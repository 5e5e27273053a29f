//! Operational data: aircraft, trips, safety reports, invoices.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, date, integer, json_binary, pk_uuid, string, string_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        fleet(manager).await?;
        trips(manager).await?;
        safety(manager).await?;
        invoices(manager).await
    }
}

async fn fleet(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("aircraft")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                .col(string("tail_number"))
                .col(string("type_designator"))
                .col(string("model"))
                .col(string_null("home_base"))
                .col(string("status"))
                .col(text_null("status_note"))
                .col(timestamp_with_time_zone_null("expected_return"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await?;
    // A registration belongs to one aircraft.
    manager.create_index(unique("aircraft_by_tail_number", "aircraft", &["workspace_id", "tail_number"])).await?;
    manager.create_index(index("aircraft_by_age", "aircraft", &["workspace_id", "created_at", "id"])).await
}

async fn trips(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("trips")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                .col(string_null("external_id"))
                .col(string("trip_type"))
                .col(string("status"))
                .col(string("origin"))
                .col(string("destination"))
                .col(timestamp_with_time_zone("departure_date"))
                .col(timestamp_with_time_zone_null("arrival_date"))
                .col(uuid_null("aircraft_id"))
                .col(integer("passenger_count"))
                .col(text_null("notes"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(
                    ForeignKey::create().from_col("aircraft_id").to("aircraft", "id").on_delete(ForeignKeyAction::Restrict),
                )
                .take(),
        )
        .await?;
    // An id of the scheduling software belongs to one trip.
    manager.create_index(unique("trips_by_external_id", "trips", &["workspace_id", "external_id"])).await?;
    manager.create_index(index("trips_by_age", "trips", &["workspace_id", "created_at", "id"])).await?;
    manager.create_index(index("trips_by_departure", "trips", &["workspace_id", "departure_date"])).await?;
    manager.create_index(index("trips_by_update", "trips", &["workspace_id", "updated_at"])).await
}

async fn safety(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("reports")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                .col(string("number"))
                .col(string("report_type"))
                .col(string("title"))
                .col(text("description"))
                .col(string_null("location"))
                .col(timestamp_with_time_zone("occurred_at"))
                // Null until assessed.
                .col(string_null("severity"))
                .col(string("status"))
                .col(string("confidentiality"))
                // Cannot be changed afterwards: the audit log names the reporter of a standard report.
                .col(string("filed_as"))
                // Always null for an anonymous report: data that is not stored cannot leak.
                .col(string_null("reporter_id").check(Expr::cust("confidentiality <> 'anonymous' OR reporter_id IS NULL")))
                .col(string_null("reporter_name").check(Expr::cust("confidentiality <> 'anonymous' OR reporter_name IS NULL")))
                .col(string_null("assigned_to"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .take(),
        )
        .await?;
    manager.create_index(unique("reports_by_number", "reports", &["workspace_id", "number"])).await?;
    manager.create_index(index("reports_by_age", "reports", &["workspace_id", "created_at", "id"])).await?;
    manager.create_index(index("reports_by_occurrence", "reports", &["workspace_id", "occurred_at"])).await
}

async fn invoices(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table("invoices")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                .col(string("number"))
                .col(string("client_name"))
                .col(string_null("client_email"))
                .col(uuid_null("trip_id"))
                .col(string("currency"))
                .col(json_binary("line_items"))
                .col(big_integer("total"))
                .col(big_integer("amount_paid").check(Expr::cust("amount_paid >= 0 AND amount_paid <= total")))
                .col(string("status"))
                .col(date("due_date"))
                .col(text_null("notes"))
                .col(string_null("external_id"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(ForeignKey::create().from_col("trip_id").to("trips", "id").on_delete(ForeignKeyAction::Restrict))
                .take(),
        )
        .await?;
    manager.create_index(unique("invoices_by_number", "invoices", &["workspace_id", "number"])).await?;
    // An id of the accounting system belongs to one invoice.
    manager.create_index(unique("invoices_by_external_id", "invoices", &["workspace_id", "external_id"])).await?;
    manager.create_index(index("invoices_by_age", "invoices", &["workspace_id", "created_at", "id"])).await?;
    manager.create_index(index("invoices_by_due_date", "invoices", &["workspace_id", "due_date"])).await?;
    manager
        .create_table(
            table("payments")
                .col(pk_uuid("id"))
                .col(uuid("workspace_id"))
                .col(uuid("invoice_id"))
                .col(big_integer("amount").check(Expr::cust("amount > 0")))
                .col(date("paid_on"))
                .col(string_null("reference"))
                .col(timestamp_with_time_zone("created_at"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .foreign_key(&mut belongs_to("invoice_id", "invoices"))
                .take(),
        )
        .await?;
    manager.create_index(index("payments_by_invoice", "payments", &["workspace_id", "invoice_id"])).await
}
