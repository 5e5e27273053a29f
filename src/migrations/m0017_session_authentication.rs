//! The time and the methods of a session's authentication.
//!
//! Nodes of the version before leave both to their defaults: the time is then that of the session's start.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, timestamp_with_time_zone_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more in one statement.
        for column in [timestamp_with_time_zone_null("auth_time"), string("methods").default("password").take()] {
            manager.alter_table(Table::alter().table("sessions").add_column(column).take()).await?;
        }
        Ok(())
    }
}
