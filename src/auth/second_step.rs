//! The second step of a sign-in: from a challenge and a code to a session.

use secrecy::SecretString;

use super::error::Error;
use super::factors::challenges::{self, digest_of};
use super::factors::{self, Checked, FactorError};
use super::known_callers::Origin;
use super::sign_in::{SignIns, SignedIn, admit_member, confirm};
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::core::Core;
use crate::members::{self, Member};
use crate::sessions::AuthMethod;
use kit::db::DbResult;
use kit::secret::TokenDigest;

// No Debug: it carries secrets.
/// The token of a challenge, and a code, from a caller.
pub struct SecondStep<'a> {
    pub challenge: &'a str,
    pub code: &'a SecretString,
    pub origin: Origin,
}

/// A challenge that can be completed, as its page shows it.
#[derive(Debug)]
pub struct OpenChallenge {
    pub member: Member,
    pub methods: Vec<AuthMethod>,
}

/// Finds a challenge by its token; `None` if it was completed, has expired, or had too many wrong codes.
pub async fn find_challenge(core: &Core, token: &str) -> DbResult<Option<OpenChallenge>> {
    let Some(digest) = digest_of(token) else { return Ok(None) };
    let Some(member) = find_member(core, digest).await? else { return Ok(None) };
    let methods = factors::second_methods(core.db.read(), &member).await?;
    Ok(Some(OpenChallenge { member, methods }))
}

/// Finds the member of a challenge that can be completed.
pub(super) async fn find_member(core: &Core, challenge: TokenDigest) -> DbResult<Option<Member>> {
    let db = core.db.read();
    let Some(row) = challenges::find(db, challenge, core.clock.now()).await? else { return Ok(None) };
    members::find(db, row.workspace_id, row.member_id).await
}

/// Completes a sign-in. `context` gives the audit context of an actor.
pub async fn complete_sign_in(
    core: &Core,
    sign_ins: &SignIns,
    step: SecondStep<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let outcome = complete(core, sign_ins, step, context).await;
    sign_ins.outcomes.count(&outcome);
    outcome
}

async fn complete(
    core: &Core,
    sign_ins: &SignIns,
    SecondStep { challenge, code, origin }: SecondStep<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let digest = digest_of(challenge).ok_or(FactorError::Challenge)?;
    // Looked up before the lock of the workspace: an unknown token must not make its members wait.
    let member = find_member(core, digest).await?.ok_or(FactorError::Challenge)?;
    factors::require_tries(core, &member).await?;
    let actor = Actor::member(member.id, &member.name);
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context(actor)).await?;
    let first = first_step(&tx, digest, &member).await?;
    match factors::check(core, &mut tx, &first.member, code).await? {
        Checked::Accepted(method) => {
            if !challenges::take(tx.db(), digest).await? {
                return Err(FactorError::Challenge.into());
            }
            if method == AuthMethod::ResetCode {
                factors::refresh(&tx, &first.member).await?;
            }
            let renewed = confirm(tx.db(), &first.member, &first.hash, first.renewed).await?;
            admit_member(tx, first.member, &[AuthMethod::Password, method], renewed, Some(&origin)).await
        }
        Checked::Wrong => {
            let now = tx.now();
            challenges::add_try(tx.db(), digest).await?;
            tx.commit().await?;
            sign_ins.failures.wrong_code(&first.member, context(Actor::ANONYMOUS), now);
            Err(FactorError::Wrong.into())
        }
    }
}

/// A first step that is still good: the challenge is open, and the password is the one that was verified.
pub(super) struct FirstStep {
    pub(super) member: Member,
    pub(super) hash: String,
    pub(super) renewed: Option<String>,
}

pub(super) async fn first_step(tx: &AuditedTx, digest: TokenDigest, member: &Member) -> Result<FirstStep, Error> {
    let row = challenges::find(tx.db(), digest, tx.now()).await?.ok_or(FactorError::Challenge)?;
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(FactorError::Challenge)?;
    let hash = members::password_hash(tx.db(), &member).await?.ok_or(FactorError::Challenge)?;
    if members::password_fingerprint(Some(&hash)).as_ref() != Some(&row.password_fingerprint) {
        return Err(FactorError::Challenge.into());
    }
    Ok(FirstStep { member, hash, renewed: row.renewed_hash })
}
