//! Resets of passwords by an administrator or the operator: with a one-time link by which the person sets one, or by the operator
//! with a new password.
//!
//! A reset assumes that somebody else may know the password. So it stops working at once, also while the link is not used yet, and
//! all sessions of the person end.

mod by_administrator;
mod by_email;
mod store;
mod tables;

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::error::Error;
use super::known_callers;
use super::password::{Claimant, MIN_LENGTH, NewPassword, Passwords, Weak};
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target, TargetKind};
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::{self, Member};
use crate::security;
use crate::sessions;
use crate::workspaces::{self, Workspace};
use kit::clock::Time;
use kit::db::DbResult;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

pub use by_administrator::{ResetError, ResetOf};
pub use by_email::{AdmittedRequest, RequestRefused, ResetRequests, send_reset_links};
pub use store::forget_expired as forget_expired_resets;
pub(super) use store::{withdraw, withdraw_all};
pub(super) use tables::all as tables;

/// The tokens of reset links: `pcr_…`.
const TOKEN: TokenKind = TokenKind::new('r');

/// The time within which a link can be used.
const LIFETIME: Duration = Duration::from_mins(30);

/// Takes the place of a password's hash until a link is used. It is no hash, so no password matches it.
const NO_PASSWORD: &str = "!";

/// A one-time link that sets a password.
#[derive(Debug)]
pub struct ResetLink {
    /// Shown once, and not stored.
    pub token: SecretToken,
    pub until: Time,
    /// The sessions that ended.
    pub ended: u64,
}

impl ResetLink {
    /// Returns the link. Its token is in the fragment, which browsers do not send.
    pub fn url(&self, public_url: &str) -> String {
        link_url(public_url, &self.token)
    }
}

fn link_url(public_url: &str, token: &SecretToken) -> String {
    format!("{public_url}/reset-password#{}", token.expose())
}

/// A link that can be used, as its page shows it.
#[derive(Debug)]
pub struct OpenReset {
    pub member: Member,
    pub workspace: Workspace,
    pub until: Time,
}

/// Makes a link for a member, which replaces an earlier one. Their password stops working, and their sessions end.
pub async fn make_reset_link(core: &Core, member: &Member, context: AuditContext) -> Result<ResetLink, Error> {
    let tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let present = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::NotJoined)?;
    make_reset_link_in(tx, &present).await
}

async fn make_reset_link_in(mut tx: AuditedTx, member: &Member) -> Result<ResetLink, Error> {
    let ended = replace_password(&tx, member, NO_PASSWORD.to_owned()).await?;
    let (token, until) = (SecretToken::generate(TOKEN, tx.random()), tx.now().after(LIFETIME));
    store::insert(tx.db(), member, token.digest(), tx.now(), until).await?;
    let details = json!({ "linkExpiresAt": until, "byMember": false });
    tx.record(Action::PasswordReset, Some(target(member)), with_outcome(details, ended, NO_PASSWORD));
    tx.commit().await?;
    Ok(ResetLink { token, until, ended })
}

/// Sets the password of a member, whose sessions end. Returns how many ended.
pub async fn reset_password(
    core: &Core,
    passwords: &Passwords,
    member: &Member,
    password: &SecretString,
    context: AuditContext,
) -> Result<u64, Error> {
    let workspace = workspaces::find(core.db.read(), member.workspace).await?.ok_or(Error::NotJoined)?;
    let (hash, is_short) = hash(core, passwords, (member, &workspace), password, &context).await?;
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let ended = replace_password(&tx, member, hash.clone()).await?;
    store_length(&tx, member, is_short).await?;
    tx.record(Action::PasswordReset, Some(target(member)), with_outcome(json!({ "byMember": false }), ended, &hash));
    tx.commit().await?;
    Ok(ended)
}

/// Finds a link by its token, unless it is unknown, used or expired, or the member's role was changed since.
pub async fn find_reset(core: &Core, token: &str) -> DbResult<Option<OpenReset>> {
    let db = core.db.read();
    let Some(row) = store::find(db, TokenDigest::of(token), core.clock.now()).await? else { return Ok(None) };
    let member = members::find(db, row.workspace_id, row.member_id).await?.filter(|member| member.role.as_str() == row.role);
    let workspace = workspaces::find(db, row.workspace_id).await?;
    Ok(member.zip(workspace).map(|(member, workspace)| OpenReset { member, workspace, until: row.expires_at }))
}

/// Sets the password of the person who has a link, which is used up.
pub async fn redeem_reset(
    core: &Core,
    passwords: &Passwords,
    token: &str,
    password: &SecretString,
    context: impl FnOnce(Actor) -> AuditContext,
) -> Result<(), Error> {
    let OpenReset { member, workspace, .. } = find_reset(core, token).await?.ok_or(Error::ResetLink)?;
    let context = context(Actor::member(member.id, &member.name));
    let (hash, is_short) = hash(core, passwords, (&member, &workspace), password, &context).await?;
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::ResetLink)?;
    // Deleted first: of two requests with one link, on any nodes, only one finds it.
    if !store::take(tx.db(), &member, TokenDigest::of(token), tx.now()).await? {
        return Err(Error::ResetLink);
    }
    let ended = replace_password(&tx, &member, hash.clone()).await?;
    store_length(&tx, &member, is_short).await?;
    tx.record(Action::PasswordChanged, Some(target(&member)), with_outcome(json!({ "byLink": true }), ended, &hash));
    mail::notify(core, &tx, &member, Content::PasswordChanged { at: tx.now() }).await?;
    tx.commit().await?;
    Ok(())
}

async fn hash(
    core: &Core,
    passwords: &Passwords,
    (member, workspace): (&Member, &Workspace),
    password: &SecretString,
    context: &AuditContext,
) -> Result<(String, bool), Error> {
    let names = [&*member.email, &*member.name, &*workspace.name, &*workspace.slug];
    let min_length = security::min_password_length(core.db.read(), member).await?;
    let password = NewPassword::choose_from(min_length, password, &names).map_err(Error::NewPassword)?;
    let permit = passwords.permit(Claimant::of(context.ip, &member.email))?;
    let is_short = is_short(core, member, &password).await?;
    Ok((passwords.hash(&core.random, permit, password).await?, is_short))
}

/// Returns true if a new password of the member is too short to be their only factor.
pub(super) async fn is_short(core: &Core, member: &Member, password: &NewPassword) -> DbResult<bool> {
    let policy = security::policy_of(core.db.read(), member.workspace).await?;
    Ok(password.is_shorter_than(policy.settings.min_password_length()))
}

/// Stores whether a new password is too short to be the only factor. Fails if the member's last factor was removed since the
/// password was checked.
pub(super) async fn store_length(tx: &AuditedTx, member: &Member, is_short: bool) -> Result<(), Error> {
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::NotJoined)?;
    if is_short && member.second_factor_at.is_none() {
        return Err(Error::NewPassword(Weak::Length(MIN_LENGTH)));
    }
    Ok(members::set_password_is_short(tx.db(), &member, is_short).await?)
}

/// Replaces the stored hash, ends all sessions, and withdraws an open link. Returns how many sessions ended.
async fn replace_password(tx: &AuditedTx, member: &Member, hash: String) -> Result<u64, Error> {
    if !members::set_password(tx.db(), member, &hash).await? {
        return Err(Error::NotJoined);
    }
    store::withdraw(tx.db(), member.id).await?;
    // A browser that knew the password before has no more attempts than any other.
    known_callers::forget(tx.db(), member.id).await?;
    Ok(sessions::end_all(tx, member.id).await?)
}

fn with_outcome(mut details: Value, ended: u64, hash: &str) -> Value {
    details["endedSessions"] = json!(ended);
    details["passwordFingerprint"] = json!(members::password_fingerprint(Some(hash)));
    details
}

fn target(member: &Member) -> Target {
    Target::new(TargetKind::Member, member.id, &member.name)
}
