//! Texts in the form in which they are compared and searched: names of keys, clients of invoices, aircraft.
//!
//! Nodes of the version before do not write these columns, which are therefore marked with the version of the row that they were
//! derived from (`kit::db::Derived`). A background job derives them for the existing rows, and for those of such nodes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null, text_null, timestamp_with_time_zone_null};

use super::schema::index;

/// The columns of an index of outdated rows.
const COLUMNS: &[&str] = &["workspace_id", "id"];

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "api_keys", [string_null("name_folded"), string_null("name_skeleton"), big_integer_null("name_forms_of")])
            .await?;
        // For the order by name as well, also while names are not derived yet. Raw SQL that both engines understand: the builder has
        // no index over an expression. Nodes of the version before use `api_keys_by_folded_name`, which therefore stays.
        let by_name = "CREATE INDEX api_keys_by_sort_name ON api_keys (workspace_id, coalesce(name_folded, lower(name)), id)";
        manager.get_connection().execute_unprepared(by_name).await?;
        manager.create_index(index("api_keys_by_name_skeleton", "api_keys", &["workspace_id", "name_skeleton"])).await?;
        for table in ["invoices", "aircraft"] {
            add(manager, table, [text_null("search_text"), timestamp_with_time_zone_null("search_text_of")]).await?;
        }
        outdated(manager, index("api_keys_outdated", "api_keys", COLUMNS), "name_forms_of", "revision").await?;
        outdated(manager, index("invoices_outdated", "invoices", COLUMNS), "search_text_of", "updated_at").await?;
        outdated(manager, index("aircraft_outdated", "aircraft", COLUMNS), "search_text_of", "updated_at").await
    }
}

/// Adds columns one at a time: SQLite adds no more in one statement.
async fn add<const N: usize>(manager: &SchemaManager<'_>, table: &'static str, columns: [ColumnDef; N]) -> Result<(), DbErr> {
    for column in columns {
        manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
    }
    Ok(())
}

/// Creates an index of outdated rows.
async fn outdated(
    manager: &SchemaManager<'_>,
    mut rows: IndexCreateStatement,
    marker: &'static str,
    version: &'static str,
) -> Result<(), DbErr> {
    let is_outdated = Expr::col(marker).is_null().or(Expr::col(marker).ne(Expr::col(version)));
    manager.create_index(rows.and_where(is_outdated).take()).await
}
