//! Signing in and out.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::failures::Failures;
use super::known::{self, Kind, Known, Origin};
use super::limits::{Account, Permit, Reached, SignInLimits, Source};
use super::store;
use crate::app::App;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, BeginError, CredentialLoss, Target, TargetKind};
use crate::keys::Flush;
use crate::members::{self, Claimant, Email, Fit, Member, Place, Role};
use crate::workspaces;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::client;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_hours(12);

/// The most sessions of one member; the oldest makes room.
const MOST_SESSIONS: u64 = 20;

/// The tokens of sessions: `pcs_…`.
const TOKEN: TokenKind = TokenKind::new('s');

/// Hashes that a sign-in computes where no workspace is named: one for each seat that is looked at.
const HASHES: usize = members::MOST_SEATS;

/// What sign-ins leave in memory: permits, and failures on their way to the log.
#[derive(Debug, Default)]
pub struct SignIns {
    limits: SignInLimits,
    failures: Failures,
}

/// A person who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Shown once.
    pub token: SecretToken,
    /// The end of the session.
    pub expires_at: Time,
    /// The person.
    pub member: Member,
    /// The token for the browser's cookie by which it is known from now on.
    pub browser: Option<SecretToken>,
}

// No Debug: it carries a password.
/// An email and a password, and where they come from.
pub struct Attempt<'a> {
    /// The email.
    pub email: &'a Email,
    /// The password as it was typed.
    pub password: SecretString,
    /// The slug of the workspace, for an email with seats in several.
    pub workspace: Option<&'a str>,
    /// The caller.
    pub origin: Origin,
}

/// Signs a person in.
pub async fn sign_in(app: &App, attempt: Attempt<'_>, by: impl Fn(Actor) -> AuditContext) -> Result<SignedIn, Error> {
    let Attempt { email, password, workspace, origin } = attempt;
    let Admitted { permit, place, known } = admit(app, email, &origin, || by(Actor::ANONYMOUS)).await?;
    let limits = &app.sign_ins.limits;
    let mut seats = find_seats(app, email, workspace).await?;
    if let Some(Known { members, .. }) = known {
        seats.retain(|(member, _)| members.contains(&member.id));
    }
    // The number depends on the request alone: time must not tell how many seats an email has.
    let computed = if workspace.is_some() { 1 } else { HASHES };
    let hashes = seats.iter().map(|(_, hash)| hash.clone()).collect();
    let fit = members::verify(app, place, hashes, password, computed).await?;
    // A seat that another workspace made for this email opens nothing and closes nothing here.
    let Some((fit, (member, hash))) = fit.and_then(|fit| seats.get(fit.at).map(|seat| (fit.clone(), seat))) else {
        limits.failed(permit);
        // Written later: the answer must not take longer for an email that somebody has.
        for (member, _) in &seats {
            app.sign_ins.failures.wrong_password(member, by(Actor::ANONYMOUS), app.clock.now());
        }
        return Err(Error::Credentials);
    };
    limits.succeeded(permit);
    let by = by(Actor::member(member.id, &member.name));
    open(app, member.clone(), by, Some(Proof { hash, fit }), Some(&origin)).await
}

/// The members that an email and the slug of a workspace may mean, with the hashes of their passwords.
async fn find_seats(app: &App, email: &Email, workspace: Option<&str>) -> DbResult<Vec<(Member, String)>> {
    let Some(slug) = workspace else { return members::with_password(app.db.read(), email.as_str(), None).await };
    match workspaces::find_by_slug(app.db.read(), slug).await? {
        Some(workspace) => members::with_password(app.db.read(), email.as_str(), Some(workspace.id)).await,
        None => Ok(Vec::new()),
    }
}

/// A sign-in whose password may be looked at.
struct Admitted {
    permit: Permit,
    place: Place,
    known: Option<Known>,
}

/// Admits a sign-in within the limits of unknown callers, or else within those of a browser or an address that the account was
/// signed in from before.
async fn admit(app: &App, email: &Email, origin: &Origin, by: impl FnOnce() -> AuditContext) -> Result<Admitted, Error> {
    let limits = &app.sign_ins.limits;
    let source = Source { account: account_of(email), network: client::network(origin.address) };
    let (refused, is_of_network) = match limits.take(source, app.clock.ticks()) {
        Ok(permit) => match app.passwords.place(Claimant::Unknown { network: source.network, account: source.account }) {
            Ok(place) => return Ok(Admitted { permit, place, known: None }),
            Err(busy) => {
                limits.unused(permit);
                (busy.into(), false)
            }
        },
        Err(Reached::Successes(too_soon)) => return Err(Error::TooMany(too_soon)),
        Err(Reached::Network(too_soon)) => (Error::Limited(too_soon), true),
        Err(Reached::Account(too_soon)) => {
            app.sign_ins.failures.limit_reached(email, source.account, by(), app.clock.now());
            (Error::Limited(too_soon), false)
        }
    };
    let known = match known::find(app, email, origin).await? {
        // The limits of the address itself hold for everybody behind it.
        Some(known) if known.kind == Kind::Browser || !is_of_network => known,
        _ => return Err(refused),
    };
    let permit = match limits.take_known(source, known.mark, app.clock.ticks()) {
        Ok(permit) => permit,
        Err(Reached::Successes(too_soon)) => return Err(Error::TooMany(too_soon)),
        Err(Reached::Network(too_soon) | Reached::Account(too_soon)) => return Err(Error::Limited(too_soon)),
    };
    match app.passwords.place(Claimant::Known(known.mark)) {
        Ok(place) => Ok(Admitted { permit, place, known: Some(known) }),
        Err(busy) => {
            limits.unused(permit);
            Err(busy.into())
        }
    }
}

/// An email as the limits see it.
pub(super) fn account_of(email: &Email) -> Account {
    Sha256::digest(email.as_str()).into()
}

/// Writes failed sign-ins to the log; what cannot be written stays in memory for the next time.
pub async fn record_failures(app: &App, which: Flush) -> DbResult<()> {
    app.sign_ins.failures.record(app, which).await
}

/// The stored hash that a password was held against.
struct Proof<'a> {
    hash: &'a str,
    fit: Fit,
}

/// Opens a session for a member without a password, in a test or the demo.
pub async fn issue(app: &App, member: Member, by: AuditContext) -> Result<SignedIn, Error> {
    open(app, member, by, None, None).await
}

/// Opens a session for a member who has just chosen a password, here.
pub(super) async fn issue_in(app: &App, member: Member, by: AuditContext, origin: &Origin) -> Result<SignedIn, Error> {
    open(app, member, by, None, Some(origin)).await
}

/// Opens a session, unless the member is gone or the password was changed meanwhile. In the same transaction the stored hash is
/// renewed if it has to be, the caller is remembered, and sessions past the most a member may have end.
async fn open(
    app: &App,
    member: Member,
    by: AuditContext,
    proof: Option<Proof<'_>>,
    origin: Option<&Origin>,
) -> Result<SignedIn, Error> {
    let token = SecretToken::generate(TOKEN, &app.random);
    let mut tx = AuditedTx::begin_essential(app, member.workspace, by).await?;
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::Credentials)?;
    let mut renewed = None;
    if let Some(Proof { hash, fit }) = proof {
        renewed = members::password_fingerprint(fit.renewed.as_deref());
        if !members::confirm_hash(tx.db(), &member, hash, fit.renewed).await? {
            return Err(Error::Credentials);
        }
    }
    let (now, expires_at) = (tx.now(), tx.now().after(LIFETIME));
    store::insert(tx.db(), token.digest(), member.workspace, member.id, now, expires_at).await?;
    let ended = store::end_oldest(tx.db(), member.id, token.digest(), MOST_SESSIONS).await?;
    let browser = match origin {
        Some(origin) => known::remember(app, tx.db(), &member, origin, now).await?,
        None => None,
    };
    let mut details = if ended == 0 { json!({}) } else { json!({ "endedSessions": ended }) };
    if let Some(fingerprint) = renewed {
        // The tables are held against the log: a hash without an event would look like one that was put there by hand.
        details["passwordFingerprint"] = json!(fingerprint);
    }
    tx.record(Action::SignedIn, Some(Target::new(TargetKind::Member, member.id, &member.name)), details);
    tx.commit().await?;
    Ok(SignedIn { token, expires_at, member, browser })
}

/// Whose token this is, unless it is unknown, expired or signed out.
pub async fn authenticate(app: &App, token: &[u8]) -> DbResult<Option<(Member, TokenDigest)>> {
    let digest = TokenDigest::of(token);
    Ok(current(app.db.read(), digest, app.clock.now()).await?.map(|member| (member, digest)))
}

/// The member whose session this is, unless it is over.
pub async fn current(db: &impl ConnectionTrait, session: TokenDigest, now: Time) -> DbResult<Option<Member>> {
    let Some((workspace, member)) = store::find(db, session, now).await? else { return Ok(None) };
    members::find(db, workspace, member).await
}

/// Refuses to go on for someone who was signed out, removed or given another role since the request was admitted: a
/// request may take its time to arrive whole.
pub async fn require(tx: &impl ConnectionTrait, session: TokenDigest, role: Role, now: Time) -> Result<(), BeginError> {
    let (workspace, member) = store::find(tx, session, now).await?.ok_or(CredentialLoss::Session)?;
    let member = members::find(tx, workspace, member).await?.ok_or(CredentialLoss::Session)?;
    if member.role == role { Ok(()) } else { Err(CredentialLoss::Role.into()) }
}

/// Ends a session.
pub async fn sign_out(app: &App, member: &Member, session: TokenDigest, by: AuditContext) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin_essential(app, member.workspace, by).await?;
    store::delete(tx.db(), session).await?;
    tx.record(Action::SignedOut, Some(Target::new(TargetKind::Member, member.id, &member.name)), json!({}));
    tx.commit().await?;
    Ok(())
}
