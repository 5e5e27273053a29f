//! Markers of announcements (invoices that became overdue, keys that will expire), and the notices that a member does not want.
//!
//! Nodes of the version before leave the columns alone.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{small_integer_null, text_null, timestamp_with_time_zone_null};
use sea_orm_migration::sea_orm::DbBackend;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // When the event was recorded that the invoice is overdue.
        add_column(manager, "invoices", timestamp_with_time_zone_null("overdue_recorded_at")).await?;
        // The fewest days before the expiry of which an event says that they are left.
        add_column(manager, "api_keys", small_integer_null("expiry_announced_days")).await?;
        // Kinds of emails, separated by commas.
        add_column(manager, "members", text_null("muted_notices")).await?;
        // Invoices that have been overdue for long: no event comes belatedly. One that became so yesterday, in some zone, has one.
        let yesterday = match manager.get_database_backend() {
            DbBackend::Sqlite => "date('now', '-1 day')",
            _ => "CURRENT_DATE - 1",
        };
        let before =
            format!("UPDATE invoices SET overdue_recorded_at = updated_at WHERE status = 'sent' AND due_date < {yesterday}");
        manager.get_connection().execute_unprepared(&before).await?;
        // Not a partial one: SQLite uses those only for conditions without parameters.
        let columns = ["status", "overdue_recorded_at", "due_date", "workspace_id"];
        manager.create_index(index("invoices_by_announcement", "invoices", &columns)).await
    }
}

async fn add_column(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}
