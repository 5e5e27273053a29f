//! Re-authentication: a person proves again who they are, in a session that goes on with the same token.
//!
//! A re-authentication has the limits of a sign-in, and a wrong password counts as one of a sign-in: a session that was left open gives no
//! further guesses. What needs a recent proof is `NEEDS_RECENT_PROOF` of the permissions in `access`.

pub(super) mod api;
pub(super) mod pages;

use secrecy::SecretString;
use serde_json::json;

use super::change_password::verify;
use super::error::Error;
use super::factors::{self, Checked, FactorError};
use super::known_callers::Origin;
use super::passkeys::{self, StartedCeremony};
use super::password::Passwords;
use super::sign_in::SignIns;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target, TargetKind};
use crate::core::Core;
use crate::members::{self, Member};
use crate::sessions::{self, AuthMethod, Session};
use kit::clock::Time;
use kit::db::{DbResult, Source};

// No Debug: it carries a password.
/// A password and a code as they were typed, and the caller.
pub struct Proof {
    pub password: SecretString,
    /// A verification code or a backup code.
    pub code: Option<SecretString>,
    pub origin: Origin,
}

/// The proof of identity that a session has from now on.
#[derive(Clone, Debug)]
pub struct Reauthenticated {
    pub at: Time,
    pub methods: Vec<AuthMethod>,
}

/// Returns the methods by which a member can prove who they are again.
pub async fn own_methods(db: &impl Source, member: &Member) -> DbResult<Vec<AuthMethod>> {
    let mut methods = vec![AuthMethod::Password];
    methods.extend(factors::second_methods(db, member).await?);
    Ok(methods)
}

/// Starts a re-authentication with a passkey for a page; `None` if the person has none, or there can be none now: the page has the
/// password as well.
pub async fn start_by_passkey(core: &Core, session: &Session, methods: &[AuthMethod]) -> Option<StartedCeremony> {
    if !methods.contains(&AuthMethod::Passkey) {
        return None;
    }
    passkeys::start_reauthentication(core, session).await.ok()
}

/// Verifies password and code of the person who has `session`, and notes the proof in it, for every node.
pub async fn reauthenticate(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    session: &Session,
    Proof { password, code, origin }: Proof,
    context: AuditContext,
) -> Result<Reauthenticated, Error> {
    let member = &session.member;
    let (stored, _) = verify(core, passwords, sign_ins, member, (&password, &origin), &context).await?;
    // A guess: it may be somebody else who has found the session.
    let anonymous = AuditContext { actor: Actor::ANONYMOUS, credential: None, ..context.clone() };
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let present = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::CurrentPassword)?;
    if !members::confirm_hash(tx.db(), member, &stored, None).await? {
        // Changed meanwhile: what was verified is not the current password any more.
        return Err(Error::CurrentPassword);
    }
    let mut methods = vec![AuthMethod::Password];
    if !factors::second_methods(tx.db(), &present).await?.is_empty() {
        let entered = code.ok_or(Error::CodeRequired)?;
        match factors::check(core, &mut tx, &present, &entered).await? {
            Checked::Accepted(method) => methods.push(method),
            Checked::Wrong => {
                let now = tx.now();
                // The wrong code is counted.
                tx.commit().await?;
                sign_ins.failures.wrong_code(&present, anonymous, now);
                return Err(FactorError::Wrong.into());
            }
        }
    }
    sessions::set_proof(&tx, session, &methods).await?;
    tx.prove(&methods);
    let at = tx.now();
    let target = Target::new(TargetKind::Member, present.id, &present.name);
    tx.record(Action::Reauthenticated, Some(target), json!({ "methods": methods }));
    tx.commit().await?;
    Ok(Reauthenticated { at, methods })
}
