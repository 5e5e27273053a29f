//! The first workspace, by a one-time link that `serve` prints on an empty database.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::model::{CreateWorkspace, Workspace};
use super::{service, store};
use crate::app::App;
use crate::audit::By;
use crate::kit::clock::Time;
use crate::kit::db::DbResult;
use crate::members::Member;

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_hours(24);

/// Base62 characters of a token: 256 bits.
const LENGTH: usize = 43;

/// SHA-256 of a link's token: what is stored.
pub(super) type LinkDigest = [u8; 32];

/// The token of a new link, if there is no workspace yet. Several nodes that start at once have one each.
pub async fn offer(app: &App) -> DbResult<Option<SecretString>> {
    // Asked before anything is locked: with a workspace, as is usual, a start writes nothing here.
    if store::any(app.db.read()).await? {
        return Ok(None);
    }
    let (token, now) = (app.random.base62(LENGTH), app.clock.now());
    let tx = app.db.begin().await?;
    if store::any(&tx).await? {
        return Ok(None);
    }
    store::delete_setup_links(&tx, Some(now)).await?;
    store::insert_setup_link(&tx, digest(&token), now, now.after(LIFETIME)).await?;
    tx.commit().await?;
    Ok(Some(token.into()))
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
pub async fn set_up(app: &App, by: By, token: &str, input: CreateWorkspace) -> Result<(Workspace, Member), Error> {
    let link = digest(token);
    // Asked once more where it counts; here, so that nobody has passwords hashed by guessing.
    if store::count_setup_links(app.db.read(), Some(link), app.clock.now()).await? == 0 {
        // In this order: where the workspace has taken the link with it, it is seen.
        let is_done = store::any(app.db.read()).await?;
        return Err(if is_done { Error::AlreadySetUp } else { Error::SetupLink });
    }
    service::make(app, by, input, Some(link)).await
}

/// Uses a link up, in the transaction that makes the workspace.
pub(super) async fn use_up(tx: &impl ConnectionTrait, link: LinkDigest, now: Time) -> Result<(), Error> {
    if store::any(tx).await? {
        return Err(Error::AlreadySetUp);
    }
    if store::take_setup_link(tx, link, now).await? { Ok(()) } else { Err(Error::SetupLink) }
}

fn digest(token: &str) -> LinkDigest {
    Sha256::digest(token).into()
}
