//! The severity of a safety report by ICAO Doc 9859, and an index for the reports of one reporter.
//!
//! The column `severity` keeps its four former words, since nodes of the previous version fail on others. The new column
//! distinguishes `negligible` from `minor`, which were one word. It is null in rows of the previous version, and outdated in rows that
//! a node of it has changed: readers follow `severity` where the two differ. A later release can fill it and drop `severity`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("reports").add_column(string_null("icao_severity")).take()).await?;
        manager
            .create_index(index("reports_by_reporter", "reports", &["workspace_id", "reporter_id", "created_at", "id"]).take())
            .await
    }
}
