//! Names and addresses of nodes, kept after they have ended: audit events contain ids of nodes, and the operator looks them up.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, timestamp_with_time_zone};

use super::schema::{index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("node_runs")
                    .col(pk_uuid("id"))
                    .col(string("name"))
                    .col(string("address"))
                    .col(string("version"))
                    .col(timestamp_with_time_zone("started_at"))
                    .take(),
            )
            .await?;
        manager.create_index(index("node_runs_by_start", "node_runs", &["started_at", "id"])).await?;
        // Nodes that run now. Nodes of the previous version that start later have no row here.
        let running = "INSERT INTO node_runs (id, name, address, version, started_at) \
                       SELECT id, name, address, version, started_at FROM nodes";
        manager.get_connection().execute_unprepared(running).await.map(|_| ())
    }
}
