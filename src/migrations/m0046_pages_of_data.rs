//! Indexes for the pages of the workspace's data: rows in one status and trips of one aircraft, the newest first; and overdue invoices.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, column) in [
            ("trips_by_aircraft", "trips", "aircraft_id"),
            ("aircraft_by_status", "aircraft", "status"),
            ("reports_by_status", "reports", "status"),
            ("invoices_by_status", "invoices", "status"),
        ] {
            manager.create_index(index(name, table, &["workspace_id", column, "created_at", "id"])).await?;
        }
        let by_due_date = ["workspace_id", "status", "due_date", "id"];
        manager.create_index(index("invoices_by_status_due_date", "invoices", &by_due_date)).await
    }
}
