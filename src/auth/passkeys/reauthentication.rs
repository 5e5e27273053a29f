//! Re-authentication with a passkey: its owner proves again who they are, in a session that goes on.

use serde_json::{Value, json};
use webauthn_rs::prelude as webauthn;

use super::assertion::{self, parse};
use super::ceremonies::{self, CeremonyKind, Owner, StartedCeremony};
use super::error::Error;
use super::registration::named;
use super::relying_party::RelyingParty;
use super::store;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target, TargetKind};
use crate::auth::reauthenticate::Reauthenticated;
use crate::core::Core;
use crate::sessions::{self, AuthMethod, Session};

/// Starts a re-authentication of the person who has `session`.
pub async fn start(core: &Core, session: &Session) -> Result<StartedCeremony, Error> {
    let (party, member) = (RelyingParty::of(&core.config)?, &session.member);
    let keys = store::keys(core.db.read(), member, party.id()).await?;
    if keys.is_empty() {
        return Err(Error::NoPasskey);
    }
    let (response, state) = party.webauthn.start_passkey_authentication(&keys).map_err(Error::Registration)?;
    let owner = Owner { member, bound_to: session.digest };
    let tx = core.db.begin_essential().await?;
    let (now, kind) = (core.clock.now(), CeremonyKind::Reauthentication);
    let started = ceremonies::start(&tx, &core.random, now, (kind, Some(owner)), (&response.public_key, &state)).await?;
    tx.commit().await?;
    Ok(started)
}

/// Verifies the response of a passkey of the person who has `session`, and notes the proof in it, for every node.
///
/// No limit of the address holds: a ceremony of this session is used once, and a signature cannot be guessed.
pub async fn reauthenticate(
    core: &Core,
    session: &Session,
    ceremony: &str,
    credential: Value,
    context: AuditContext,
) -> Result<Reauthenticated, Error> {
    let (party, member) = (RelyingParty::of(&core.config)?, &session.member);
    let response: webauthn::PublicKeyCredential = parse(credential)?;
    let state = ceremonies::take(core, ceremony, CeremonyKind::Reauthentication, Some(session.digest)).await?;
    let verified = assertion::verify_known(core, &party, &response, (state, member.id)).await;
    let anonymous = AuditContext { actor: Actor::ANONYMOUS, credential: None, ..context.clone() };
    let used = assertion::settle(core, verified, anonymous).await?;
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    if !store::set_used(tx.db(), &used, tx.now()).await? {
        return Err(Error::Refused);
    }
    let methods = vec![AuthMethod::Passkey];
    sessions::set_proof(&tx, session, &methods).await?;
    tx.prove(&methods);
    let at = tx.now();
    let details = json!({ "methods": methods, "passkey": named(&used.passkey) });
    tx.record(Action::Reauthenticated, Some(Target::new(TargetKind::Member, member.id, &member.name)), details);
    tx.commit().await?;
    Ok(Reauthenticated { at, methods })
}
