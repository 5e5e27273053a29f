//! Passkeys, their ceremonies, and the user handles that authenticators keep.
//!
//! Nodes of the version before know none of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, binary_null, boolean, json_binary, pk_uuid, string, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        passkeys(manager).await?;
        handles(manager).await?;
        ceremonies(manager).await
    }
}

async fn passkeys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let passkeys = table("passkeys")
        .col(pk_uuid("id"))
        .col(uuid("workspace_id"))
        .col(uuid("member_id"))
        .col(binary("credential_id"))
        .col(json_binary("credential"))
        .col(big_integer("sign_count"))
        .col(string("name"))
        .col(string("rp_id"))
        .col(boolean("is_synced"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("last_used_at"))
        .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
        .foreign_key(&mut belongs_to("member_id", "members"))
        .take();
    manager.create_table(passkeys).await?;
    // A credential belongs to one account only (WebAuthn, 7.1).
    manager.create_index(unique("passkeys_by_credential", "passkeys", &["credential_id"])).await?;
    // Of a member alone, and of one within a workspace: the member's id is the first that tells rows apart.
    let columns = ["member_id", "workspace_id", "created_at", "id"];
    manager.create_index(index("passkeys_by_member", "passkeys", &columns)).await
}

async fn handles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let handles = table("passkey_users")
        .col(uuid("member_id").primary_key())
        .col(uuid("workspace_id"))
        .col(uuid("handle"))
        .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
        .foreign_key(&mut belongs_to("member_id", "members"))
        .take();
    manager.create_table(handles).await?;
    manager.create_index(unique("passkey_users_by_handle", "passkey_users", &["handle"])).await
}

async fn ceremonies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let ceremonies = table("passkey_ceremonies")
        .col(binary("digest").primary_key())
        .col(string("kind"))
        .col(uuid_null("workspace_id"))
        .col(uuid_null("member_id"))
        // The session or the challenge that a ceremony belongs to.
        .col(binary_null("bound_to"))
        .col(json_binary("state"))
        .col(timestamp_with_time_zone("expires_at"))
        .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
        .foreign_key(&mut belongs_to("member_id", "members"))
        .take();
    manager.create_table(ceremonies).await?;
    manager.create_index(index("passkey_ceremonies_by_bond", "passkey_ceremonies", &["bound_to"])).await?;
    manager.create_index(index("passkey_ceremonies_by_expiry", "passkey_ceremonies", &["expires_at"])).await
}
