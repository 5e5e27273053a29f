//! Signing in and out.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::store;
use crate::app::App;
use crate::audit::{Action, Actor, By, Outcome, Target, Work};
use crate::kit::clock::Time;
use crate::kit::db::{DbResult, Lost};
use crate::kit::http::client;
use crate::kit::limit::{Limits, Rate, TooSoon};
use crate::kit::lock::lock;
use crate::kit::secret::{SecretToken, TokenDigest, TokenKind};
use crate::members::{self, Email, Member, Role};
use crate::workspaces;

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_hours(12);

/// The tokens of sessions: `pcs_…`.
const TOKEN: TokenKind = TokenKind::new('s');

/// What sign-ins leave in memory: how many guesses are left, and failures on their way to the log.
#[derive(Debug, Default)]
pub struct SignIns {
    limits: Limited,
    failures: Mutex<Vec<Failure>>,
}

/// A wrong password for a member, and when.
type Failure = (Member, By, Time);

/// Guesses per address and per email. An attempt is counted before it is looked at, and given back if it was right,
/// so that many attempts at once are not more than one after another.
#[derive(Debug)]
struct Limited {
    address: Limits<IpAddr>,
    email_from_address: Limits<([u8; 32], IpAddr)>,
    email: Limits<[u8; 32]>,
}

impl Default for Limited {
    fn default() -> Self {
        let minute = Duration::from_mins(1);
        Self {
            address: Limits::new(Rate { requests: 20, per: minute }, 100_000),
            email_from_address: Limits::new(Rate { requests: 10, per: 5 * minute }, 100_000),
            // Wide, so that a stranger who guesses does not keep the owner of the email out.
            email: Limits::new(Rate { requests: 50, per: 5 * minute }, 100_000),
        }
    }
}

impl Limited {
    fn take(&self, email: &Email, address: IpAddr, ticks: Duration) -> Result<(), TooSoon> {
        let (email, address) = (email_digest(email), client::network(address));
        self.address.take(address, ticks)?;
        self.email_from_address.take((email, address), ticks)?;
        self.email.take(email, ticks).map(|_| ())
    }

    fn give_back(&self, email: &Email, address: IpAddr) {
        let (email, address) = (email_digest(email), client::network(address));
        self.address.give_back(&address);
        self.email_from_address.give_back(&(email, address));
        self.email.give_back(&email);
    }
}

/// A person who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Shown once.
    pub token: SecretToken,
    /// Until when it is good.
    pub expires_at: Time,
    /// Them.
    pub member: Member,
}

/// Signs a person in. `workspace` decides when the email has a seat in several.
pub async fn sign_in(
    app: &App,
    email: &Email,
    password: SecretString,
    workspace: Option<&str>,
    address: IpAddr,
    by: impl Fn(Actor) -> By,
) -> Result<SignedIn, Error> {
    // First: whoever cannot even wait for a hash has not guessed, and neither the limits nor the database hear of it.
    let place = app.passwords.place()?;
    app.sign_ins.limits.take(email, address, app.clock.ticks()).map_err(Error::Limited)?;
    let named = match workspace {
        Some(slug) => Some(workspaces::find_by_slug(app.db.read(), slug).await?.map(|workspace| workspace.id)),
        None => None,
    };
    let seats = match named {
        Some(None) => Vec::new(),
        Some(one) => members::with_password(app.db.read(), email.as_str(), one).await?,
        None => members::with_password(app.db.read(), email.as_str(), None).await?,
    };
    let fits = members::verify(app, place, seats.iter().map(|(_, hash)| hash.clone()).collect(), password).await?;
    // A seat that someone else's workspace made for this email opens nothing and closes nothing here.
    let Some((member, _)) = seats.iter().zip(fits).find_map(|(seat, fits)| fits.then_some(seat)) else {
        // Written later: the answer must not take longer for an email that somebody has.
        let failures = seats.iter().map(|(member, _)| (member.clone(), by(Actor::ANONYMOUS), app.clock.now()));
        app.sign_ins.failures().extend(failures);
        return Err(Error::Credentials);
    };
    app.sign_ins.limits.give_back(email, address);
    issue(app, member.clone(), by(Actor::member(member.id, &member.name))).await
}

fn email_digest(email: &Email) -> [u8; 32] {
    Sha256::digest(email.as_str()).into()
}

impl SignIns {
    fn failures(&self) -> MutexGuard<'_, Vec<Failure>> {
        lock(&self.failures)
    }
}

/// Writes failed sign-ins to the log; what cannot be written stays in memory for the next time.
pub async fn record_failures(app: &App) -> DbResult<()> {
    let mut failures = std::mem::take(&mut *app.sign_ins.failures()).into_iter();
    while let Some(failure) = failures.next() {
        if let Err(error) = record_failure(app, &failure).await {
            app.sign_ins.failures().extend(std::iter::once(failure).chain(failures));
            return Err(error);
        }
    }
    Ok(())
}

async fn record_failure(app: &App, (member, by, at): &Failure) -> DbResult<()> {
    let mut work = Work::begin(app, member.workspace, by.clone()).await?;
    let target = Target::new("member", member.id, &member.name);
    work.record_as(Action::SignInFailed, Outcome::Denied, Some(target), json!({ "at": at }));
    work.commit().await
}

/// Opens a session for a member.
pub async fn issue(app: &App, member: Member, by: By) -> Result<SignedIn, Error> {
    let token = SecretToken::generate(TOKEN, &app.random);
    let mut work = Work::begin_essential(app, member.workspace, by).await?;
    let expires_at = work.now().after(LIFETIME);
    store::insert(work.tx(), token.digest(), member.workspace, member.id, work.now(), expires_at).await?;
    work.record(Action::SignedIn, Some(Target::new("member", member.id, &member.name)), json!({}));
    work.commit().await?;
    Ok(SignedIn { token, expires_at, member })
}

/// Whose token this is, unless it is unknown, expired or signed out.
pub async fn authenticate(app: &App, token: &[u8]) -> DbResult<Option<(Member, TokenDigest)>> {
    let digest = TokenDigest::of(token);
    let Some((workspace, member)) = store::find(app.db.read(), digest, app.clock.now()).await? else { return Ok(None) };
    let member = members::find(app.db.read(), workspace, member).await?;
    Ok(member.map(|member| (member, digest)))
}

/// Refuses to go on for someone who was signed out, removed or given another role since the request was admitted: a
/// request may take its time to arrive whole.
pub async fn require(tx: &impl ConnectionTrait, session: TokenDigest, role: Role, now: Time) -> DbResult<()> {
    let denied = |lost: Lost| DbErr::AccessDenied { permission: lost.code().to_owned(), resource: "workspace".to_owned() };
    let (workspace, member) = store::find(tx, session, now).await?.ok_or_else(|| denied(Lost::Session))?;
    let member = members::find(tx, workspace, member).await?.ok_or_else(|| denied(Lost::Session))?;
    if member.role == role { Ok(()) } else { Err(denied(Lost::Role)) }
}

/// Ends a session.
pub async fn sign_out(app: &App, member: &Member, session: TokenDigest, by: By) -> DbResult<()> {
    let mut work = Work::begin_essential(app, member.workspace, by).await?;
    store::delete(work.tx(), session).await?;
    work.record(Action::SignedOut, Some(Target::new("member", member.id, &member.name)), json!({}));
    work.commit().await
}
