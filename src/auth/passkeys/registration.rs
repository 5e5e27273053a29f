//! Registrations: a new passkey for a person who is signed in.

use serde_json::{Value, json};
use webauthn_rs::prelude::{self as webauthn, Uuid};

use super::assertion::parse;
use super::ceremonies::{self, CeremonyKind, Owner, StartedCeremony};
use super::error::Error;
use super::model::{MAX_PASSKEYS, Passkey, PasskeyId, PasskeyName, StoredPasskey};
use super::relying_party::RelyingParty;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, Target, TargetKind};
use crate::auth::factors;
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members;
use crate::security;
use crate::sessions::{self, Session};
use crate::workspaces::WorkspaceId;
use kit::db::Source;

/// The response of the browser to a registration, and the name that the person chose.
#[derive(Debug)]
pub struct NewPasskey<'a> {
    /// The token of the ceremony.
    pub ceremony: &'a str,
    pub name: PasskeyName,
    pub credential: Value,
}

/// Starts a registration for the person who has `session`.
pub async fn start(core: &Core, session: &Session) -> Result<StartedCeremony, Error> {
    let (party, member) = (RelyingParty::of(&core.config)?, &session.member);
    require_allowed(core.db.read(), member.workspace).await?;
    require_room(store::count(core.db.read(), member).await?)?;
    let existing = store::credential_ids(core.db.read(), member, party.id()).await?;
    let tx = core.db.begin().await?;
    let fresh = uuid::Builder::from_random_bytes(core.random.bytes()).into_uuid();
    let handle = store::handle(&tx, member, fresh).await?;
    let started = party.webauthn.start_passkey_registration(handle, &member.email, &member.name, Some(existing));
    let (response, state) = started.map_err(Error::Registration)?;
    let owner = Owner { member, bound_to: session.digest };
    let (now, kind) = (core.clock.now(), CeremonyKind::Registration);
    let mut started = ceremonies::start(&tx, &core.random, now, (kind, Some(owner)), (&response.public_key, &state)).await?;
    tx.commit().await?;
    // The library asks authenticators not to remember the person, who could not sign in without an email then.
    started.options["authenticatorSelection"]["residentKey"] = json!("required");
    started.options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    Ok(started)
}

/// Adds the passkey that the browser made.
pub async fn finish(
    core: &Core,
    session: &Session,
    NewPasskey { ceremony, name, credential }: NewPasskey<'_>,
    context: AuditContext,
) -> Result<Passkey, Error> {
    let (party, member) = (RelyingParty::of(&core.config)?, &session.member);
    let response: webauthn::RegisterPublicKeyCredential = parse(credential)?;
    let state: webauthn::PasskeyRegistration =
        ceremonies::take(core, ceremony, CeremonyKind::Registration, Some(session.digest)).await?;
    let key = party.webauthn.finish_passkey_registration(&response, &state).map_err(Error::Registration)?;
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    require_allowed(tx.db(), member.workspace).await?;
    require_room(store::count(tx.db(), member).await?)?;
    if store::is_registered(tx.db(), key.cred_id()).await? {
        return Err(Error::AlreadyRegistered);
    }
    let made: webauthn::Credential = key.clone().into();
    let passkey = Passkey {
        id: PasskeyId::new(tx.now(), tx.random()),
        workspace: member.workspace,
        member: member.id,
        name: name.into_string(),
        rp_id: party.id().to_owned(),
        is_synced: made.backup_state,
        created_at: tx.now(),
        last_used_at: None,
    };
    let stored = StoredPasskey { passkey, key, handle: Uuid::nil(), sign_count: made.counter };
    store::insert(tx.db(), &stored).await?;
    let had_factor = members::find(tx.db(), member.workspace, member.id).await?.is_some_and(|row| row.second_factor_at.is_some());
    factors::refresh(&tx, member).await?;
    let mut details = json!({ "passkey": named(&stored.passkey), "isSynced": stored.passkey.is_synced });
    if !had_factor {
        // They began with the password alone, which may be somebody else's knowledge.
        let ended = sessions::end_all_but(&tx, session).await?;
        if ended > 0 {
            details["endedSessions"] = json!(ended);
        }
    }
    tx.record(Action::PasskeyAdded, Some(Target::new(TargetKind::Member, member.id, &member.name)), details);
    mail::notify(core, &tx, member, Content::FactorAdded { at: tx.now() }).await?;
    tx.commit().await?;
    Ok(stored.passkey)
}

/// Fails if the workspace does not allow passkeys. One that a member has still completes a sign-in with the password, so that
/// no member is locked out.
pub(super) async fn require_allowed(db: &impl Source, workspace: WorkspaceId) -> Result<(), Error> {
    let is_allowed = security::policy_of(db, workspace).await?.settings.passkeys_allowed;
    if is_allowed { Ok(()) } else { Err(Error::NotAllowed) }
}

/// A passkey as events name it.
pub(super) fn named(passkey: &Passkey) -> Value {
    json!({ "id": passkey.id, "name": passkey.name })
}

const fn require_room(passkeys: u64) -> Result<(), Error> {
    if passkeys < MAX_PASSKEYS { Ok(()) } else { Err(Error::TooManyPasskeys) }
}
