//! Indexes of deliveries: the statuses of an endpoint's deliveries are counted from one index, and tests are found among all others.
//!
//! `webhook_deliveries_by_endpoint` and `webhook_deliveries_by_due` are read by the version before only. The next one drops them: to
//! drop an index, Postgres waits for every reader of the table.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const TABLE: &str = "webhook_deliveries";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = ["endpoint_id", "created_at", "id", "status"];
        manager.create_index(index("webhook_deliveries_by_endpoint_status", TABLE, &columns)).await?;
        let mut tests = index("webhook_deliveries_of_tests", TABLE, &["created_at"]);
        manager.create_index(tests.and_where(Expr::col("sequence").is_null()).take()).await
    }
}
