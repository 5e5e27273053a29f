//! Ceremonies: a challenge that is sent to the browser, and its state until the response comes.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use super::store;
use super::tables::ceremony::Model;
use crate::core::Core;
use crate::members::Member;
use kit::clock::Time;
use kit::random::Random;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The tokens of ceremonies: `pcw_…`.
const TOKEN: TokenKind = TokenKind::new('w');

/// The time within which the browser has to respond.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);

kit::string_enum! {
    /// The purpose of a ceremony.
    CeremonyKind as CeremonyKind {
        Registration = "registration",
        SignIn = "sign_in",
        SecondStep = "second_step",
        Reauthentication = "reauthentication",
    }
}

/// The person and the session that a ceremony belongs to; no other can finish it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) member: &'a Member,
    pub(super) bound_to: TokenDigest,
}

/// A ceremony that was started.
#[derive(Debug)]
pub struct StartedCeremony {
    /// Sent once, and not stored.
    pub token: SecretToken,
    pub expires_at: Time,
    /// The options for `navigator.credentials`, as JSON.
    pub options: Value,
}

/// Starts a ceremony. One that was started before for the same session or challenge ends.
pub(super) async fn start(
    db: &impl ConnectionTrait,
    random: &Random,
    now: Time,
    (kind, owner): (CeremonyKind, Option<Owner<'_>>),
    (options, state): (&(impl Serialize + Sync), &(impl Serialize + Sync)),
) -> Result<StartedCeremony, Error> {
    let (token, expires_at) = (SecretToken::generate(TOKEN, random), now.after(LIFETIME));
    let row = Model {
        digest: token.digest().to_vec(),
        kind: kind.as_str().to_owned(),
        workspace_id: owner.map(|owner| owner.member.workspace),
        member_id: owner.map(|owner| owner.member.id),
        bound_to: owner.map(|owner| owner.bound_to.to_vec()),
        state: serde_json::to_value(state).map_err(Error::unreadable)?,
        expires_at,
    };
    if let Some(owner) = owner {
        store::end_bound(db, kind, owner.bound_to).await?;
    }
    store::insert_ceremony(db, row).await?;
    Ok(StartedCeremony { token, expires_at, options: serde_json::to_value(options).map_err(Error::unreadable)? })
}

/// Takes a ceremony, which cannot be used again whatever comes of it, and returns its state. Fails if it is unknown, used, expired
/// or somebody else's.
pub(super) async fn take<S: DeserializeOwned>(
    core: &Core,
    token: &str,
    kind: CeremonyKind,
    bound_to: Option<TokenDigest>,
) -> Result<S, Error> {
    let token = SecretToken::presented(TOKEN, token).ok_or(Error::Ceremony(kind))?;
    let tx = core.db.begin_essential().await?;
    let stored = store::take_ceremony(&tx, token.digest(), core.clock.now()).await?;
    tx.commit().await?;
    let bound_to = bound_to.map(TokenDigest::to_vec);
    let stored = stored.filter(|stored| stored.kind == kind.as_str() && stored.bound_to == bound_to);
    serde_json::from_value(stored.ok_or(Error::Ceremony(kind))?.state).map_err(Error::unreadable)
}
