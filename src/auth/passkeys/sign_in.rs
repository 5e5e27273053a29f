//! Sign-ins with a passkey alone: the authenticator names the person, so neither email nor password is needed.

use serde_json::Value;
use webauthn_rs::prelude as webauthn;

use super::assertion::{self, parse};
use super::ceremonies::{self, CeremonyKind, StartedCeremony};
use super::error::Error;
use super::model::StoredPasskey;
use super::registration::require_allowed;
use super::relying_party::RelyingParty;
use super::store;
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::auth::known_callers::Origin;
use crate::auth::limits::{NetworkPermit, Reached};
use crate::auth::sign_in::{Counted, SignIns, SignedIn, admit_member};
use crate::core::Core;
use crate::members;
use crate::sessions::AuthMethod;
use kit::http::client_ip;

/// The response of the browser to a ceremony, and the caller.
#[derive(Debug)]
pub struct PasskeyAttempt<'a> {
    /// The token of the ceremony.
    pub ceremony: &'a str,
    pub credential: Value,
    pub origin: Origin,
}

/// Starts a sign-in.
pub async fn start(core: &Core, sign_ins: &SignIns, origin: &Origin) -> Result<StartedCeremony, Error> {
    let party = RelyingParty::of(&core.config)?;
    let network = client_ip::network(origin.address);
    sign_ins.ceremonies.try_acquire(network, core.clock.ticks()).map_err(Error::TooMany)?;
    let (response, state) = party.webauthn.start_discoverable_authentication().map_err(Error::Registration)?;
    let mut options = response.public_key;
    // Browsers ignore those that the library asks for.
    options.extensions = None;
    let tx = core.db.begin_essential().await?;
    let (now, kind) = (core.clock.now(), CeremonyKind::SignIn);
    let started = ceremonies::start(&tx, &core.random, now, (kind, None), (&options, &state)).await?;
    tx.commit().await?;
    Ok(started)
}

/// Signs the owner of a passkey in. `context` gives the audit context of an actor.
pub async fn sign_in(
    core: &Core,
    sign_ins: &SignIns,
    attempt: PasskeyAttempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let party = RelyingParty::of(&core.config)?;
    let permit = admit(core, sign_ins, &attempt.origin)?;
    let outcome = verify_and_open(core, &party, attempt, context).await;
    settle_permit(sign_ins, permit, &outcome);
    count(sign_ins, &outcome);
    outcome
}

/// Admits an attempt within the limits of its address.
fn admit(core: &Core, sign_ins: &SignIns, origin: &Origin) -> Result<NetworkPermit, Error> {
    let permit = sign_ins.limits.try_acquire_network(client_ip::network(origin.address), core.clock.ticks());
    permit.map_err(|reached| {
        sign_ins.count(Counted::Limited);
        match reached {
            Reached::Successes(limited) => Error::TooMany(limited),
            Reached::Network(limited) | Reached::Account(limited) => Error::Limited(limited),
        }
    })
}

fn settle_permit<T>(sign_ins: &SignIns, permit: NetworkPermit, outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => sign_ins.limits.network_succeeded(permit),
        Err(Error::Db(_)) => sign_ins.limits.network_unused(permit),
        Err(_) => sign_ins.limits.network_failed(permit),
    }
}

/// Counts a sign-in by its outcome, for the metrics.
pub(super) fn count<T>(sign_ins: &SignIns, outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => sign_ins.count(Counted::Succeeded),
        Err(Error::Db(_)) => {}
        Err(_) => sign_ins.count(Counted::Failed),
    }
}

async fn verify_and_open(
    core: &Core,
    party: &RelyingParty,
    PasskeyAttempt { ceremony, credential, origin }: PasskeyAttempt<'_>,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let response: webauthn::PublicKeyCredential = parse(credential)?;
    let state = ceremonies::take(core, ceremony, CeremonyKind::SignIn, None).await?;
    let verified = assertion::verify(core, party, &response, state).await;
    // The owner of a copy may be somebody else.
    let used = assertion::settle(core, verified, context(Actor::ANONYMOUS)).await?;
    open(core, &used, &origin, context).await
}

/// Opens a session, unless the member or the passkey was removed meanwhile, or the passkey was used with a higher counter.
async fn open(
    core: &Core,
    used: &StoredPasskey,
    origin: &Origin,
    context: impl Fn(Actor) -> AuditContext,
) -> Result<SignedIn, Error> {
    let passkey = &used.passkey;
    let member = members::find(core.db.read(), passkey.workspace, passkey.member).await?.ok_or(Error::Refused)?;
    let tx = AuditedTx::begin_essential(core, member.workspace, context(Actor::member(member.id, &member.name))).await?;
    let member = members::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::Refused)?;
    require_allowed(tx.db(), member.workspace).await?;
    if !store::set_used(tx.db(), used, tx.now()).await? {
        return Err(Error::Refused);
    }
    Ok(admit_member(tx, member, &[AuthMethod::Passkey], None, Some(origin)).await?)
}
