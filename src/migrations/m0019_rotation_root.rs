//! The first key of each chain of rotations, by which idempotency keys are shared.
//!
//! Nodes of the version before leave the column of the keys that they rotate empty; `src/keys/store/chain.rs` fills it in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::uuid_null;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("api_keys").add_column(uuid_null("rotation_root")).take()).await?;
        // Downwards from the first keys, so that each key is visited once.
        let roots = "WITH RECURSIVE chain (id, workspace_id, root) AS ( \
                         SELECT id, workspace_id, id FROM api_keys WHERE rotated_from IS NULL \
                         UNION ALL \
                         SELECT successor.id, successor.workspace_id, chain.root FROM chain \
                         JOIN api_keys AS successor \
                         ON successor.workspace_id = chain.workspace_id AND successor.rotated_from = chain.id \
                     ) \
                     UPDATE api_keys SET rotation_root = chain.root FROM chain \
                     WHERE api_keys.id = chain.id AND api_keys.rotated_from IS NOT NULL";
        manager.get_connection().execute_unprepared(roots).await?;
        // Without the keys that have no root: to find those of the index below, SQLite would read them all.
        let mut by_root = index("api_keys_by_root", "api_keys", &["workspace_id", "rotation_root"]);
        manager.create_index(by_root.and_where(Expr::col("rotation_root").is_not_null()).take()).await?;
        // The second column makes SQLite prefer it to the index of all rotated keys.
        let is_unknown = Expr::col("rotation_root").is_null().and(Expr::col("rotated_from").is_not_null());
        let mut unknown = index("api_keys_by_unknown_root", "api_keys", &["workspace_id", "rotated_from"]);
        manager.create_index(unknown.and_where(is_unknown).take()).await
    }
}
