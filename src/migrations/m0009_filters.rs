//! Indexes for filters that match few of very many rows: denied requests, and trips in one status.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(index("audit_events_by_outcome", "audit_events", &["workspace_id", "outcome", "sequence"])).await?;
        manager.create_index(index("trips_by_status", "trips", &["workspace_id", "status", "created_at", "id"])).await
    }
}
