//! Indexes by which trips are listed in the order of their departure or of their last change. With the id, a walk finds its place
//! among trips of one moment. `trips_by_departure` and `trips_by_update` are their beginnings, and go in a later release: to drop
//! an index waits for all readers of its table.

use sea_orm_migration::prelude::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by = |name, column| index(name, "trips", &["workspace_id", column, "id"]);
        manager.create_index(by("trips_by_departure_and_id", "departure_date")).await?;
        manager.create_index(by("trips_by_update_and_id", "updated_at")).await
    }
}
