//! The change of a person's own password, which the current one permits.

use secrecy::SecretString;
use serde_json::json;

use super::error::Error;
use super::known_callers::{KnownCaller, Origin};
use super::password::{Claimant, NewPassword};
use super::resets;
use super::sign_in::{Admitted, SignIns, admit};
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target, TargetKind};
use crate::auth::password::Passwords;
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::{self, Email, Member};
use crate::security;
use crate::sessions::{self, RenewedSession, Session};
use crate::workspaces;

// No Debug: it carries passwords.
/// The current password as it was typed, a new one, and the caller.
pub struct ChangePassword {
    pub current: SecretString,
    pub new: SecretString,
    pub origin: Origin,
}

/// Changes the password of the person who has `session`. Their other sessions end, and this one gets a new token.
///
/// Wrong passwords count towards the limits of sign-ins: a session that was left open gives no further guesses.
pub async fn change_password(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    session: &Session,
    input: ChangePassword,
    context: AuditContext,
) -> Result<RenewedSession, Error> {
    let member = &session.member;
    let ChangePassword { current, new, origin } = input;
    let workspace = workspaces::find(core.db.read(), member.workspace).await?.ok_or(Error::CurrentPassword)?;
    // Costs no hash, so it comes before the limits.
    let min_length = security::min_password_length(core.db.read(), member).await?;
    let names = [&*member.email, &*member.name, &*workspace.name, &*workspace.slug];
    let new = NewPassword::choose_from(min_length, &new, &names).map_err(Error::NewPassword)?;
    let (stored, claimant) = verify(core, passwords, sign_ins, member, (&current, &origin), &context).await?;
    if new.is(&current) {
        return Err(Error::SamePassword);
    }
    let is_short = resets::is_short(core, member, &new).await?;
    let hash = passwords.hash(&core.random, passwords.permit(claimant)?, new).await?;
    let fingerprint = members::password_fingerprint(Some(&hash));
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    if !members::confirm_hash(tx.db(), member, &stored, Some(hash)).await? {
        // Changed meanwhile: what was verified is not the current password any more.
        return Err(Error::CurrentPassword);
    }
    resets::store_length(&tx, member, is_short).await?;
    let renewed = sessions::renew(&tx, session).await?;
    resets::withdraw(tx.db(), member.id).await?;
    let details = json!({ "endedSessions": renewed.ended, "passwordFingerprint": fingerprint });
    tx.record(Action::PasswordChanged, Some(Target::new(TargetKind::Member, member.id, &member.name)), details);
    mail::notify(core, &tx, member, Content::PasswordChanged { at: tx.now() }).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Verifies the current password, within the limits of sign-ins. Returns the stored hash, and the claimant of a further hash.
pub(super) async fn verify(
    core: &Core,
    passwords: &Passwords,
    sign_ins: &SignIns,
    member: &Member,
    (current, origin): (&SecretString, &Origin),
    context: &AuditContext,
) -> Result<(String, Claimant), Error> {
    let email = Email::parse_known(&member.email).map_err(|_| Error::CurrentPassword)?;
    // A guess: it may be somebody else who has found the session.
    let anonymous = || AuditContext { actor: Actor::ANONYMOUS, credential: None, ..context.clone() };
    let Admitted { permit, hash_permit, known } = admit(core, passwords, sign_ins, (&email, origin), anonymous).await?;
    let seats = members::with_password(core.db.read(), email.as_str(), Some(member.workspace)).await?;
    let is_own = |known: &KnownCaller| known.members.contains(&member.id);
    // A caller that is known for another seat of this email gives no further attempts here.
    let stored = seats.into_iter().find(|(seat, _)| seat.id == member.id && known.as_ref().is_none_or(is_own));
    let stored: Vec<String> = stored.into_iter().map(|(_, hash)| hash).collect();
    let verified = passwords.verify(&core.random, hash_permit, stored.clone(), current.clone(), 1).await?;
    let Some(hash) = verified.and_then(|_| stored.into_iter().next()) else {
        sign_ins.limits.failed(permit);
        sign_ins.failures.wrong_password(member, anonymous(), core.clock.now());
        return Err(Error::CurrentPassword);
    };
    sign_ins.limits.succeeded(permit);
    let claimant = known.map_or_else(|| Claimant::of(context.ip, &member.email), |known| Claimant::Known(known.fingerprint));
    Ok((hash, claimant))
}
