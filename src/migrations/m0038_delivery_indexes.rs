//! Indexes of deliveries: the statuses of an endpoint's deliveries are counted from one index, tests are found among all others,
//! and an index that nothing reads any more is gone. Nodes of the version before read the same rows by other indexes.

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
        for replaced in ["webhook_deliveries_by_endpoint", "webhook_deliveries_by_due"] {
            manager.drop_index(Index::drop().name(replaced).table(TABLE).to_owned()).await?;
        }
        let mut tests = index("webhook_deliveries_of_tests", TABLE, &["created_at"]);
        manager.create_index(tests.and_where(Expr::col("sequence").is_null()).take()).await
    }
}
