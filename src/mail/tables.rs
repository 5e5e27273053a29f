//! `mail_outbox` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use super::model::{MailId, MailKind};
use crate::members::MemberId;
use crate::secret_key::{Sealed, SealedColumn, associated};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailId,
    pub workspace_id: WorkspaceId,
    pub member_id: MemberId,
    pub kind: MailKind,
    /// Unique together with the member.
    pub event: String,
    pub recipient_name: String,
    pub recipient_email: String,
    pub workspace_name: String,
    pub timezone: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub content: Json,
    /// Deleted when the email is sent or given up.
    pub link: Option<Vec<u8>>,
    pub created_at: Time,
    pub until: Time,
    /// The time of the next attempt. `None` while one is made and at the end.
    pub due_at: Option<Time>,
    pub attempts: i32,
    /// Set before an attempt: an email is not sent again if the outcome is unknown.
    pub sending_at: Option<Time>,
    pub sent_at: Option<Time>,
    pub failed_at: Option<Time>,
    pub last_error: Option<String>,
}

kit::row!(Model {
    id,
    workspace_id,
    member_id,
    kind,
    event,
    recipient_name,
    recipient_email,
    workspace_name,
    timezone,
    content,
    link,
    created_at,
    until,
    due_at,
    attempts,
    sending_at,
    sent_at,
    failed_at,
    last_error,
});

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}

/// The column with sealed links.
pub(crate) fn sealed() -> Box<dyn Sealed> {
    Box::new(SealedColumn::<Entity> { column: Column::Link, associated: |row| link_context(row.id) })
}

/// The data that the link of an email is sealed with.
pub(super) fn link_context(id: MailId) -> Vec<u8> {
    associated("mail", id)
}
