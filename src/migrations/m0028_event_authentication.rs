//! The proof of identity of an audit event's person: its methods and its age.
//!
//! A node of the version before reads events without these columns, so that it would find an event with them altered. It leaves
//! `log_format` of its row of `nodes` at 0; where such a node may run, `event_authentication` has a row with the time from
//! which events carry the new fields, which nodes of this version postpone while they see one. A new database has none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, small_integer, string_null, timestamp_with_time_zone_null};

use super::schema::table;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more in one statement.
        for column in [string_null("auth_methods"), big_integer_null("auth_age_seconds")] {
            manager.alter_table(Table::alter().table("audit_events").add_column(column).take()).await?;
        }
        let mut alter = Table::alter().table("nodes").take();
        manager.alter_table(alter.add_column(small_integer("log_format").default(0)).take()).await?;
        manager
            .create_table(
                table("event_authentication")
                    .col(small_integer("id").primary_key())
                    .col(timestamp_with_time_zone_null("starts_at"))
                    .take(),
            )
            .await?;
        let used = "INSERT INTO event_authentication (id) SELECT 1 WHERE EXISTS (SELECT 1 FROM workspaces) \
                    OR EXISTS (SELECT 1 FROM nodes) OR EXISTS (SELECT 1 FROM node_runs)";
        manager.get_connection().execute_unprepared(used).await.map(|_| ())
    }
}
