//! The second step of a sign-in with a passkey, after a password.

use webauthn_rs::prelude as webauthn;

use super::assertion::{self, parse};
use super::ceremonies::{self, CeremonyKind, Owner, StartedCeremony};
use super::error::Error;
use super::relying_party::RelyingParty;
use super::sign_in::{PasskeyAttempt, count};
use super::store;
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::auth::factors::challenges::{self, digest_of};
use crate::auth::known_callers::Origin;
use crate::auth::second_step::{find_member, first_step};
use crate::auth::sign_in::{SignIns, SignedIn, admit_member, confirm};
use crate::core::Core;
use crate::sessions::AuthMethod;
use kit::http::client_ip;

/// Starts the second step of the sign-in that has this challenge.
pub async fn start(core: &Core, sign_ins: &SignIns, origin: &Origin, challenge: &str) -> Result<StartedCeremony, Error> {
    let party = RelyingParty::of(&core.config)?;
    let network = client_ip::network(origin.address);
    sign_ins.ceremonies.try_acquire(network, core.clock.ticks()).map_err(Error::TooMany)?;
    let invalid = || Error::Ceremony(CeremonyKind::SecondStep);
    let bound_to = digest_of(challenge).ok_or_else(invalid)?;
    let member = find_member(core, bound_to).await?.ok_or_else(invalid)?;
    let keys = store::keys(core.db.read(), &member, party.id()).await?;
    if keys.is_empty() {
        return Err(Error::NoPasskey);
    }
    let (response, state) = party.webauthn.start_passkey_authentication(&keys).map_err(Error::Registration)?;
    let (owner, kind) = (Owner { member: &member, bound_to }, CeremonyKind::SecondStep);
    let tx = core.db.begin_essential().await?;
    let now = core.clock.now();
    let started = ceremonies::start(&tx, &core.random, now, (kind, Some(owner)), (&response.public_key, &state)).await?;
    tx.commit().await?;
    Ok(started)
}

/// Completes the sign-in that has this challenge. `context` gives the audit context of an actor.
pub async fn complete(
    core: &Core,
    sign_ins: &SignIns,
    challenge: &str,
    attempt: PasskeyAttempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let party = RelyingParty::of(&core.config)?;
    // No limit of the address: a ceremony of this challenge is used once, and a signature cannot be guessed.
    let outcome = verify(core, &party, challenge, attempt, context).await;
    count(sign_ins, &outcome);
    outcome
}

async fn verify(
    core: &Core,
    party: &RelyingParty,
    challenge: &str,
    PasskeyAttempt { ceremony, credential, origin }: PasskeyAttempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let invalid = || Error::Ceremony(CeremonyKind::SecondStep);
    let response: webauthn::PublicKeyCredential = parse(credential)?;
    let digest = digest_of(challenge).ok_or_else(invalid)?;
    let member = find_member(core, digest).await?.ok_or_else(invalid)?;
    let state = ceremonies::take(core, ceremony, CeremonyKind::SecondStep, Some(digest)).await?;
    let verified = assertion::verify_known(core, party, &response, (state, member.id)).await;
    let used = assertion::settle(core, verified, context(Actor::ANONYMOUS)).await?;
    let tx = AuditedTx::begin_essential(core, member.workspace, context(Actor::member(member.id, &member.name))).await?;
    let first = first_step(&tx, digest, &member).await?;
    if !challenges::take(tx.db(), digest).await? {
        return Err(invalid());
    }
    if !store::set_used(tx.db(), &used, tx.now()).await? {
        return Err(Error::Refused);
    }
    let renewed = confirm(tx.db(), &first.member, &first.hash, first.renewed).await?;
    Ok(admit_member(tx, first.member, &[AuthMethod::Password, AuthMethod::Passkey], renewed, Some(&origin)).await?)
}
