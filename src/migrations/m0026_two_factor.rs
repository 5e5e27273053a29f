//! Second factors: authenticator apps, backup codes, challenges between the two steps of a sign-in, wrong codes, and the codes
//! that stand in for factors that an administrator reset.
//!
//! Nodes of the version before know none of it. They refuse the password of a member who has a second factor, because the stored
//! hash has a prefix then, and they set no short passwords.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, binary, boolean, integer, string, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// A table whose rows belong to a member, and go with them.
fn of_member(name: &'static str) -> TableCreateStatement {
    table(name)
        .col(uuid("workspace_id"))
        .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
        .foreign_key(&mut belongs_to("member_id", "members"))
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let short = boolean("password_is_short").default(false).take();
        manager.alter_table(Table::alter().table("members").add_column(short).take()).await?;
        let totp = of_member("totp_factors")
            .col(uuid("id").primary_key())
            .col(uuid("member_id"))
            .col(binary("secret"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("verified_at"))
            .col(timestamp_with_time_zone_null("enabled_at"))
            .col(big_integer_null("last_step"))
            .take();
        manager.create_table(totp).await?;
        manager.create_index(index("totp_factors_by_member", "totp_factors", &["member_id"])).await?;
        let codes = of_member("backup_codes")
            .col(binary("digest").primary_key())
            .col(uuid("member_id"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("enabled_at"))
            .take();
        manager.create_table(codes).await?;
        manager.create_index(index("backup_codes_by_member", "backup_codes", &["member_id"])).await?;
        let challenges = of_member("challenges")
            .col(binary("digest").primary_key())
            .col(uuid("member_id"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .col(integer("tries"))
            .col(string("first_method"))
            .col(string("password_fingerprint"))
            .col(text_null("renewed_hash"))
            .take();
        manager.create_table(challenges).await?;
        manager.create_index(index("challenges_by_member", "challenges", &["member_id", "created_at"])).await?;
        manager.create_index(index("challenges_by_expiry", "challenges", &["expires_at"])).await?;
        let failed = of_member("failed_codes")
            .col(uuid("id").primary_key())
            .col(uuid("member_id"))
            .col(timestamp_with_time_zone("failed_at"))
            .take();
        manager.create_table(failed).await?;
        manager.create_index(index("failed_codes_by_member", "failed_codes", &["member_id", "failed_at"])).await?;
        manager.create_index(index("failed_codes_by_age", "failed_codes", &["failed_at"])).await?;
        let resets = of_member("reset_codes")
            .col(uuid("member_id").primary_key())
            .col(binary("digest"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .take();
        manager.create_table(resets).await
    }
}
