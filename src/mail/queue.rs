//! Queueing an email in the transaction of the event that it tells of.

use std::time::Duration;

use super::model::{Content, MailId, NewMail};
use super::tables::{Model, link_context};
use super::{notices, store};
use crate::audit::AuditedTx;
use crate::core::Core;
use crate::members::{self, Member, Role};
use crate::workspaces;
use kit::db::DbResult;

/// The emails of one workspace that may wait. More are not queued: a server that is down for days must not fill the disk.
const MAX_WAITING: u64 = 1_000;

const DAY: Duration = Duration::from_hours(24);

/// Returns whether this server sends emails.
pub fn is_on(core: &Core) -> bool {
    core.config.mail.is_some() && core.config.secret_keys.is_some()
}

/// Queues an email to a member. Returns false if the server sends none, or too many wait.
///
/// The email is sent after the commit, and never without it.
pub async fn queue(core: &Core, tx: &AuditedTx, to: &Member, mail: NewMail) -> DbResult<bool> {
    let (Some(_), Some(keys)) = (&core.config.mail, &core.config.secret_keys) else { return Ok(false) };
    if store::waiting(tx.db(), to.workspace).await? >= MAX_WAITING {
        tracing::warn!(workspace = %to.workspace, kind = %mail.content.kind(), "too many emails wait: this one is not sent");
        return Ok(false);
    }
    if store::count_since(tx.db(), to.id, mail.content.kind(), tx.now().before(DAY)).await? >= mail.content.kind().max_a_day() {
        tracing::warn!(member = %to.id, kind = %mail.content.kind(), "too many emails of a kind in a day: this one is not sent");
        return Ok(false);
    }
    let Some(workspace) = workspaces::find(tx.db(), to.workspace).await? else { return Ok(false) };
    let id = MailId::new(tx.now(), tx.random());
    let NewMail { content, event, link, until } = mail;
    let row = Model {
        id,
        workspace_id: to.workspace,
        member_id: to.id,
        kind: content.kind(),
        event,
        recipient_name: to.name.clone(),
        recipient_email: to.email.clone(),
        workspace_name: workspace.name,
        timezone: workspace.timezone,
        content: serde_json::to_value(&content).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?,
        link: link.map(|link| keys.seal(tx.random(), &link_context(id), link.as_bytes())),
        created_at: tx.now(),
        until,
        due_at: Some(tx.now()),
        attempts: 0,
        sending_at: None,
        sent_at: None,
        failed_at: None,
        last_error: None,
    };
    store::insert(tx.db(), row).await?;
    Ok(true)
}

/// The time after which a notice is no longer worth sending.
const NOTICE: Duration = Duration::from_hours(48);

/// Queues a notice, which has no link, to a member. The event happens whether or not one can be sent.
pub async fn notify(core: &Core, tx: &AuditedTx, to: &Member, content: Content) -> DbResult<()> {
    let event = format!("{} {}", content.kind(), tx.now());
    notify_of(core, tx, to, event, content).await
}

/// Queues a notice of an event that has a name of its own, unless the member does not want such notices.
async fn notify_of(core: &Core, tx: &AuditedTx, to: &Member, event: String, content: Content) -> DbResult<()> {
    let kind = content.kind();
    if !is_on(core) || kind.optional_for().is_some() && notices::muted(tx.db(), to).await?.contains(&kind) {
        return Ok(());
    }
    let until = tx.now().after(NOTICE);
    queue(core, tx, to, NewMail { content, event, link: None, until }).await.map(drop)
}

/// Queues a notice of an event that has a name of its own to each administrator who wants such notices: to the first 20 by name.
pub async fn notify_administrators(tx: &AuditedTx, event: &str, content: &Content) -> DbResult<()> {
    if !is_on(tx.core()) {
        return Ok(());
    }
    for member in members::with_role(tx.db(), tx.workspace(), &[Role::AccountOwner, Role::Admin]).await? {
        notify_of(tx.core(), tx, &member, event.to_owned(), content.clone()).await?;
    }
    Ok(())
}
