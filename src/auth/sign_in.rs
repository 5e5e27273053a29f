//! Sign-ins: from an email and a password to a session, or to the challenge of a second step, which `second_step` completes.

use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::factors::challenges;
use super::factors::{self, FactorError};
use super::failures::Failures;
use super::known_callers::{self, Kind, KnownCaller, Origin};
use super::limits::{Account, Permit, Reached, SignInLimits, Source};
use super::passkeys::CeremonyLimits;
use super::password::{Claimant, HashPermit, Passwords, VerifiedHash};
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target, TargetKind};
use crate::core::Core;
use crate::keys::Flush;
use crate::members::{self, Email, Member};
use crate::security::FactorSetup;
use crate::sessions::{self, AuthMethod, StartedSession};
use crate::workspaces;
use kit::clock::Time;
use kit::db::{self, DbResult};
use kit::http::client_ip;
use kit::secret::SecretToken;

/// Hashes that a sign-in computes where no workspace is named: one for each seat that is looked at.
const HASHES: usize = members::MAX_SEATS;

/// Rate limits of sign-ins, and failures that the audit log does not have yet. In memory, each node its own.
#[derive(Debug, Default)]
pub struct SignIns {
    pub(super) limits: SignInLimits,
    pub(super) ceremonies: CeremonyLimits,
    pub(super) failures: Failures,
    pub(super) outcomes: Outcomes,
}

/// Numbers of sign-ins by outcome, for the metrics. One that waits for its second step has none yet.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    succeeded: AtomicU64,
    /// The email, the password, the code or the passkey was wrong.
    failed: AtomicU64,
    /// Refused by a rate limit, before anything was checked.
    limited: AtomicU64,
}

/// The outcome of a sign-in as the metrics have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counted {
    Succeeded,
    Failed,
    Limited,
}

impl Outcomes {
    pub(super) fn count(&self, outcome: &Result<SignedIn, Error>) {
        self.add(match outcome {
            Ok(_) => Counted::Succeeded,
            Err(Error::Credentials | Error::Factor(FactorError::Wrong)) => Counted::Failed,
            Err(Error::Limited(_) | Error::TooMany(_) | Error::Factor(FactorError::TooMany(_))) => Counted::Limited,
            Err(
                Error::SecondStep(_)
                | Error::Factor(_)
                | Error::CurrentPassword
                | Error::CodeRequired
                | Error::NewPassword(_)
                | Error::SamePassword
                | Error::ResetLink
                | Error::NotJoined
                | Error::Password(_)
                | Error::Denied(_)
                | Error::Db(_),
            ) => return,
        });
    }

    fn add(&self, outcome: Counted) {
        let counter = match outcome {
            Counted::Succeeded => &self.succeeded,
            Counted::Failed => &self.failed,
            Counted::Limited => &self.limited,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl SignIns {
    /// Returns the number of sign-ins by outcome.
    pub fn outcomes(&self) -> [(&'static str, u64); 3] {
        let Outcomes { succeeded, failed, limited } = &self.outcomes;
        [("succeeded", succeeded), ("failed", failed), ("limited", limited)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    pub(super) fn count(&self, counted: Counted) {
        self.outcomes.add(counted);
    }

    /// Writes failed sign-ins to the audit log. What cannot be written is kept for the next time.
    pub async fn record_failures(&self, core: &Core, which: Flush) -> DbResult<()> {
        self.failures.record(core, which).await
    }
}

/// A person who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, which is sent once.
    pub token: SecretToken,
    pub expires_at: Time,
    pub member: Member,
    /// The member's need to set up a second factor.
    pub factor_setup: FactorSetup,
    /// The token for the cookie by which the browser is recognised from now on.
    pub browser: Option<SecretToken>,
}

// No Debug: it carries a password.
/// An email and a password, and the caller they come from.
pub struct Attempt<'a> {
    pub email: &'a Email,
    /// The password as it was typed.
    pub password: SecretString,
    /// The slug of the workspace, for an email with seats in several.
    pub workspace: Option<&'a str>,
    pub origin: Origin,
}

/// Signs a person in, or fails with the challenge of their second step. `context` gives the audit context of an actor.
pub async fn sign_in(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    attempt: Attempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let outcome = verify_and_open(core, passwords, sign_ins, attempt, context).await;
    sign_ins.outcomes.count(&outcome);
    outcome
}

async fn verify_and_open(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    attempt: Attempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let Attempt { email, password, workspace, origin } = attempt;
    let Admitted { permit, hash_permit, known } =
        admit(core, passwords, sign_ins, (email, &origin), || context(Actor::ANONYMOUS)).await?;
    let limits = &sign_ins.limits;
    let mut seats = find_seats(core, email, workspace).await?;
    if let Some(KnownCaller { members, .. }) = known {
        seats.retain(|(member, _)| members.contains(&member.id));
    }
    // The number depends on the request only: the response time must not reveal how many seats an email has.
    let computed = if workspace.is_some() { 1 } else { HASHES };
    let hashes = seats.iter().map(|(_, hash)| hash.clone()).collect();
    let verified = passwords.verify(&core.random, hash_permit, hashes, password, computed).await?;
    // A seat that another workspace made for this email opens nothing and locks nothing here.
    let Some((verified, (member, hash))) = verified.and_then(|found| seats.get(found.at).map(|seat| (found.clone(), seat)))
    else {
        limits.failed(permit);
        // Written later: the response must not take longer for an email that has a seat.
        for (member, _) in &seats {
            sign_ins.failures.wrong_password(member, context(Actor::ANONYMOUS), core.clock.now());
        }
        return Err(Error::Credentials);
    };
    limits.succeeded(permit);
    let context = context(Actor::member(member.id, &member.name));
    open(core, member.clone(), context, Some(Proof { hash, verified }), Some(&origin)).await
}

/// Finds the members that an email and the slug of a workspace may mean, with the hashes of their passwords.
async fn find_seats(core: &Core, email: &Email, workspace: Option<&str>) -> DbResult<Vec<(Member, String)>> {
    let Some(slug) = workspace else { return members::with_password(core.db.read(), email.as_str(), None).await };
    match workspaces::find_by_slug(core.db.read(), slug).await? {
        Some(workspace) => members::with_password(core.db.read(), email.as_str(), Some(workspace.id)).await,
        None => Ok(Vec::new()),
    }
}

/// An attempt whose password may be checked.
pub(super) struct Admitted {
    pub(super) permit: Permit,
    pub(super) hash_permit: HashPermit,
    pub(super) known: Option<KnownCaller>,
}

/// Admits an attempt within the limits of unknown callers, or else within those of a browser or an address that the account was
/// signed in from before.
pub(super) async fn admit(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    (email, origin): (&Email, &Origin),
    context: impl FnOnce() -> AuditContext,
) -> Result<Admitted, Error> {
    let limits = &sign_ins.limits;
    let source = Source { account: account_of(email), network: client_ip::network(origin.address) };
    let (refused, is_of_network) = match limits.try_acquire(source, core.clock.ticks()) {
        Ok(permit) => match passwords.permit(Claimant::Unknown { network: source.network, account: source.account }) {
            Ok(hash_permit) => return Ok(Admitted { permit, hash_permit, known: None }),
            Err(busy) => {
                limits.unused(permit);
                (busy.into(), false)
            }
        },
        Err(Reached::Successes(limited)) => (Error::TooMany(limited), true),
        Err(Reached::Network(limited)) => (Error::Limited(limited), true),
        Err(Reached::Account(limited)) => {
            sign_ins.failures.limit_reached(email, source.account, context(), core.clock.now());
            (Error::Limited(limited), false)
        }
    };
    let known = match known_callers::find(core, email, origin).await? {
        // The limits of the address itself hold for all callers behind it.
        Some(known) if known.kind == Kind::Browser || !is_of_network => known,
        _ => return Err(refused),
    };
    let permit = match limits.try_acquire_known(source, known.fingerprint, core.clock.ticks()) {
        Ok(permit) => permit,
        Err(Reached::Successes(limited)) => return Err(Error::TooMany(limited)),
        Err(Reached::Network(limited) | Reached::Account(limited)) => return Err(Error::Limited(limited)),
    };
    match passwords.permit(Claimant::Known(known.fingerprint)) {
        Ok(hash_permit) => Ok(Admitted { permit, hash_permit, known: Some(known) }),
        Err(busy) => {
            limits.unused(permit);
            Err(busy.into())
        }
    }
}

/// Returns the email as the limits know it.
pub(super) fn account_of(email: &Email) -> Account {
    Sha256::digest(email.as_str()).into()
}

/// The stored hash that a password was verified against.
struct Proof<'a> {
    hash: &'a str,
    verified: VerifiedHash,
}

/// Opens a session for a member whose password was not checked, because it was chosen a moment ago, or in a test or the demo.
/// A reset by the operator in that moment does not end it.
pub async fn open_session(
    core: &Core,
    member: Member,
    context: AuditContext,
    origin: Option<&Origin>,
) -> Result<SignedIn, Error> {
    open(core, member, context, None, origin).await
}

/// Opens a session, unless the member was removed or the password was changed meanwhile, or a second step is necessary: then
/// nothing but its challenge is stored.
async fn open(
    core: &Core,
    member: Member,
    context: AuditContext,
    proof: Option<Proof<'_>>,
    origin: Option<&Origin>,
) -> Result<SignedIn, Error> {
    let tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::Credentials)?;
    let Some(Proof { hash, verified }) = proof else {
        return admit_member(tx, member, &[AuthMethod::Password], None, origin).await;
    };
    let methods = factors::second_methods(tx.db(), &member).await?;
    if methods.is_empty() {
        let renewed = confirm(tx.db(), &member, hash, verified.renewed).await?;
        return admit_member(tx, member, &[AuthMethod::Password], renewed, origin).await;
    }
    confirm(tx.db(), &member, hash, None).await?;
    let challenge = challenges::begin(&tx, &member, (hash, verified.renewed), methods).await?;
    tx.commit().await?;
    Err(Error::SecondStep(Box::new(challenge)))
}

/// Starts the session of a member who has proved who they are, in the transaction that has confirmed it. It also remembers the
/// caller, and ends the oldest sessions if there are too many. `renewed` is the fingerprint of a renewed hash.
pub(super) async fn admit_member(
    mut tx: AuditedTx,
    member: Member,
    methods: &[AuthMethod],
    renewed: Option<String>,
    origin: Option<&Origin>,
) -> Result<SignedIn, Error> {
    let started = sessions::start(&tx, &member, methods).await?;
    tx.prove(methods);
    let browser = match origin {
        Some(origin) => known_callers::remember(&tx, &member, origin).await?,
        None => None,
    };
    let mut details = if started.ended == 0 { json!({}) } else { json!({ "endedSessions": started.ended }) };
    if methods != [AuthMethod::Password] {
        details["methods"] = json!(methods);
    }
    if let Some(fingerprint) = renewed {
        // Tables are compared with the log: a hash without an event would look like one that was written by hand.
        details["passwordFingerprint"] = json!(fingerprint);
    }
    tx.record(Action::SignedIn, Some(Target::new(TargetKind::Member, member.id, &member.name)), details);
    tx.commit().await?;
    let StartedSession { token, expires_at, factor_setup, .. } = started;
    Ok(SignedIn { token, expires_at, member, factor_setup, browser })
}

/// Fails if the password was changed since it was verified. Returns the fingerprint of the renewed hash, if it was renewed.
pub(super) async fn confirm(
    db: &impl db::Source,
    member: &Member,
    hash: &str,
    renewed: Option<String>,
) -> Result<Option<String>, Error> {
    let fingerprint = members::password_fingerprint(renewed.as_deref());
    let is_current = members::confirm_hash(db, member, hash, renewed).await?;
    if is_current { Ok(fingerprint) } else { Err(Error::Credentials) }
}
