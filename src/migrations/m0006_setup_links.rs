//! One-time links that set up the first workspace.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, timestamp_with_time_zone};

use super::schema::table;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Without a workspace id: all rows are deleted when the first workspace is created.
        manager
            .create_table(
                table("setup_links")
                    .col(binary("digest").primary_key())
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .take(),
            )
            .await
    }
}
