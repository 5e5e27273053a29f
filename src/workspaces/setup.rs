//! The first workspace, by a one-time link that `serve` prints on an empty database.

use std::time::Duration;

use sea_orm::ConnectionTrait;

use super::error::Error;
use super::model::{CreateWorkspace, Workspace};
use super::{service, store};
use crate::app::App;
use crate::audit::AuditContext;
use crate::members::Member;
use kit::clock::Time;
use kit::db::DbResult;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_hours(24);

/// The tokens of set-up links: `pcu_…`.
const TOKEN: TokenKind = TokenKind::new('u');

/// The token of a new link, if there is no workspace yet. Several nodes that start at once have one each.
pub async fn offer(app: &App) -> DbResult<Option<SecretToken>> {
    // Asked before anything is locked: with a workspace, as is usual, a start writes nothing here.
    if store::any(app.db.read()).await? {
        return Ok(None);
    }
    let (token, now) = (SecretToken::generate(TOKEN, &app.random), app.clock.now());
    let tx = app.db.begin().await?;
    if store::any(&tx).await? {
        return Ok(None);
    }
    store::delete_setup_links(&tx, Some(now)).await?;
    store::insert_setup_link(&tx, token.digest(), now, now.after(LIFETIME)).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Where setting up the first workspace stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// There is a workspace.
    Done,
    /// There is none, and somebody has a link that would make it.
    Offered,
    /// There is none, and no link is good any more.
    Expired,
}

/// See [`State`].
pub(super) async fn state(app: &App) -> DbResult<State> {
    if store::any(app.db.read()).await? {
        return Ok(State::Done);
    }
    let links = store::count_setup_links(app.db.read(), None, app.clock.now()).await?;
    Ok(if links == 0 { State::Expired } else { State::Offered })
}

/// Makes the first workspace, by the token of a link, which is used up.
pub async fn set_up(app: &App, by: AuditContext, token: &str, input: CreateWorkspace) -> Result<(Workspace, Member), Error> {
    let link = TokenDigest::of(token);
    // Asked once more where it counts; here, so that nobody has passwords hashed by guessing.
    if store::count_setup_links(app.db.read(), Some(link), app.clock.now()).await? == 0 {
        // In this order: where the workspace has taken the link with it, it is seen.
        let is_done = store::any(app.db.read()).await?;
        return Err(if is_done { Error::AlreadySetUp } else { Error::SetupLink });
    }
    service::make(app, by, input, Some(link)).await
}

/// Uses a link up, in the transaction that makes the workspace.
pub(super) async fn use_up(tx: &impl ConnectionTrait, link: TokenDigest, now: Time) -> Result<(), Error> {
    if store::any(tx).await? {
        return Err(Error::AlreadySetUp);
    }
    if store::take_setup_link(tx, link, now).await? { Ok(()) } else { Err(Error::SetupLink) }
}
