//! Sandboxes: workspaces with the data that test keys see.
//!
//! `workspaces.sandbox_of` is the workspace that the sandbox belongs to, `api_keys.sandbox_id` the sandbox of a test key. Nodes of the
//! version before read neither column, and refuse every test key by its length.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::uuid_null;

use super::schema::unique;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("workspaces").add_column(uuid_null("sandbox_of")).take()).await?;
        // A workspace has one sandbox. Any number of workspaces has none in this column.
        manager.create_index(unique("workspaces_by_sandbox_of", "workspaces", &["sandbox_of"])).await?;
        manager.alter_table(Table::alter().table("api_keys").add_column(uuid_null("sandbox_id")).take()).await
    }
}
