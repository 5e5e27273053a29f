//! Setting up the first workspace, by a one-time link that `serve` prints on an empty database.

use std::time::Duration;

use super::error::Error;
use super::model::{CreateWorkspace, Workspace};
use super::service::{self, WorkspaceContext};
use super::store;
use crate::audit::AuditContext;
use crate::core::Core;
use crate::members::Member;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The time for which a link is valid.
const LIFETIME: Duration = Duration::from_hours(24);

/// The tokens of set-up links: `pcu_…`.
const TOKEN: TokenKind = TokenKind::new('u');

/// Returns the token of a new link, if there is no workspace yet. Nodes that start at the same time get one each.
pub async fn offer(core: &Core) -> DbResult<Option<SecretToken>> {
    // Checked before the write transaction, which a start with a workspace does not need.
    if store::any(core.db.read()).await? {
        return Ok(None);
    }
    let (token, now) = (SecretToken::generate(TOKEN, &core.random), core.clock.now());
    let tx = core.db.begin().await?;
    if store::any(&tx).await? {
        return Ok(None);
    }
    store::delete_setup_links(&tx, Some(now)).await?;
    store::insert_setup_link(&tx, token.digest(), now, now.after(LIFETIME)).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// The progress of setting up the first workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SetupState {
    Done,
    /// There is no workspace, and a link is valid.
    Offered,
    /// There is no workspace, and no link is valid any more.
    Expired,
}

pub(super) async fn state(core: &Core) -> DbResult<SetupState> {
    if store::any(core.db.read()).await? {
        return Ok(SetupState::Done);
    }
    let links = store::count_setup_links(core.db.read(), None, core.clock.now()).await?;
    Ok(if links == 0 { SetupState::Expired } else { SetupState::Offered })
}

/// Returns true if a set-up link with this token is valid.
pub(super) async fn is_valid(core: &Core, token: &str) -> DbResult<bool> {
    Ok(store::count_setup_links(core.db.read(), Some(TokenDigest::of(token)), core.clock.now()).await? > 0)
}

/// Creates the first workspace, by the token of a link, which is consumed.
pub async fn set_up<'a>(
    context: impl Into<WorkspaceContext<'a>>,
    audit_context: AuditContext,
    token: &str,
    input: CreateWorkspace,
) -> Result<(Workspace, Member), Error> {
    let context = context.into();
    let core = context.core;
    let link = TokenDigest::of(token);
    // Checked again in the transaction; here, so that a guessed link does not get a password hashed.
    if store::count_setup_links(core.db.read(), Some(link), core.clock.now()).await? == 0 {
        // In this order: creating the workspace deleted the link, so that it is visible by now.
        let is_done = store::any(core.db.read()).await?;
        return Err(if is_done { Error::AlreadySetUp } else { Error::SetupLink });
    }
    service::create_with(context, audit_context, input, Some(link)).await
}

/// Consumes a link, in the transaction that creates the workspace.
pub(super) async fn consume(tx: &impl Source, link: TokenDigest, now: Time) -> Result<(), Error> {
    if store::any(tx).await? {
        return Err(Error::AlreadySetUp);
    }
    if store::consume_setup_link(tx, link, now).await? { Ok(()) } else { Err(Error::SetupLink) }
}
