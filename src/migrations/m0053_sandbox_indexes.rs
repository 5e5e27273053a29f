//! Indexes of test keys, and of the foreign keys that the reset of a sandbox checks. They have a transaction of their own, as those of
//! `m0051_key_indexes` have.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut test_keys = index("api_keys_by_age_test", "api_keys", &["workspace_id", "created_at", "id"]);
        manager.create_index(test_keys.and_where(Expr::col("sandbox_id").is_not_null()).take()).await?;
        // A foreign key does not name the workspace: without these, each row that is deleted reads a whole table.
        manager.create_index(index("trips_by_aircraft_id", "trips", &["aircraft_id"])).await?;
        manager.create_index(index("invoices_by_trip_id", "invoices", &["trip_id"])).await?;
        manager.create_index(index("payments_by_invoice_id", "payments", &["invoice_id"])).await
    }
}
