//! The names of places without an airport code, and the order of an invoice's payments.
//!
//! Nodes of the version before neither read nor write the names.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("trips", "origin_name"), ("trips", "destination_name"), ("aircraft", "home_base_name")] {
            manager.alter_table(Table::alter().table(table).add_column(string_null(column)).take()).await?;
        }
        let columns = ["workspace_id", "invoice_id", "created_at", "id"];
        manager.create_index(index("payments_by_age", "payments", &columns)).await
    }
}
