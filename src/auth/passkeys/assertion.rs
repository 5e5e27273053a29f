//! Assertions: the check of a signature that an authenticator made with a passkey.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::prelude::{self as webauthn, WebauthnError};

use super::error::Error;
use super::model::StoredPasskey;
use super::registration::named;
use super::relying_party::RelyingParty;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, Outcome, Target, TargetKind};
use crate::core::Core;
use crate::members::{self, MemberId};

/// Parses the response of a browser. It may have members that this version does not know.
pub(super) fn parse<T: DeserializeOwned>(credential: Value) -> Result<T, Error> {
    serde_json::from_value(credential).map_err(|_| Error::Malformed)
}

/// Verifies an assertion. Returns the passkey with its new counter, which is not stored yet.
///
/// The user handle is required where the person is not known by anything else.
pub(super) async fn verify(
    core: &Core,
    party: &RelyingParty,
    response: &webauthn::PublicKeyCredential,
    state: webauthn::DiscoverableAuthentication,
) -> Result<StoredPasskey, Verified> {
    let (handle, credential) = party.webauthn.identify_discoverable_authentication(response).map_err(|_| Verified::Refused)?;
    let stored = store::find_by_credential(core.db.read(), credential).await?.ok_or(Verified::Refused)?;
    if stored.handle != handle || stored.passkey.rp_id != party.id() {
        return Err(Verified::Refused);
    }
    let verified = party.webauthn.finish_discoverable_authentication_v2(response, state, &stored.key);
    used(stored, verified, response)
}

/// Verifies an assertion of a person who is known, whose passkeys the ceremony names.
pub(super) async fn verify_known(
    core: &Core,
    party: &RelyingParty,
    response: &webauthn::PublicKeyCredential,
    (state, member): (webauthn::PasskeyAuthentication, MemberId),
) -> Result<StoredPasskey, Verified> {
    let stored = store::find_by_credential(core.db.read(), response.get_credential_id()).await?.ok_or(Verified::Refused)?;
    // Authenticators may leave the handle out where the credential is named.
    let is_own_handle = response.get_user_unique_id().is_none_or(|handle| handle == stored.handle.as_bytes());
    if stored.passkey.member != member || !is_own_handle {
        return Err(Verified::Refused);
    }
    used(stored, party.webauthn.finish_passkey_authentication(response, &state), response)
}

/// Returns the passkey with its new counter.
fn used(
    mut stored: StoredPasskey,
    verified: Result<webauthn::AuthenticationResult, WebauthnError>,
    response: &webauthn::PublicKeyCredential,
) -> Result<StoredPasskey, Verified> {
    let result = verified.map_err(|error| refusal(error, response, &stored))?;
    // The library compares with the counter as of the start of the ceremony.
    if stored.sign_count > 0 && result.counter() <= stored.sign_count {
        return Err(Verified::Copied { passkey: Box::new(stored), presented: result.counter() });
    }
    stored.sign_count = result.counter();
    stored.passkey.is_synced = result.backup_state();
    let _is_changed = stored.key.update_credential(&result);
    Ok(stored)
}

/// Returns the passkey of an assertion that was verified, or the reason why it was refused. A copy is reported.
pub(super) async fn settle(
    core: &Core,
    verified: Result<StoredPasskey, Verified>,
    anonymous: AuditContext,
) -> Result<StoredPasskey, Error> {
    match verified {
        Ok(used) => Ok(used),
        Err(Verified::Refused) => Err(Error::Refused),
        Err(Verified::Db(error)) => Err(error.into()),
        Err(Verified::Copied { passkey, presented }) => {
            report_copy(core, &passkey, presented, anonymous).await?;
            Err(Error::Copied)
        }
    }
}

/// The reason why an assertion was refused.
#[derive(Debug)]
pub(super) enum Verified {
    Refused,
    /// Signed by the passkey, with a counter that did not go up.
    Copied {
        passkey: Box<StoredPasskey>,
        presented: u32,
    },
    Db(sea_orm::DbErr),
}

impl From<sea_orm::DbErr> for Verified {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Db(error)
    }
}

/// The place of the counter in the data that an authenticator signs (Web Authentication, 6.1).
const COUNTER: std::ops::Range<usize> = 33..37;

fn refusal(error: WebauthnError, response: &webauthn::PublicKeyCredential, stored: &StoredPasskey) -> Verified {
    match error {
        WebauthnError::CredentialPossibleCompromise => {
            let counter = response.response.authenticator_data.get(COUNTER).and_then(|bytes| bytes.try_into().ok());
            let presented = counter.map_or(0, u32::from_be_bytes);
            Verified::Copied { passkey: Box::new(stored.clone()), presented }
        }
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash => {
            tracing::info!(passkey = %stored.passkey.id, "a passkey was used at another address than the public URL");
            Verified::Refused
        }
        _ => Verified::Refused,
    }
}

/// Reports that a passkey seems to have been copied.
async fn report_copy(core: &Core, stored: &StoredPasskey, presented: u32, context: AuditContext) -> Result<(), Error> {
    let passkey = &stored.passkey;
    tracing::warn!(
        passkey = %passkey.id, member = %passkey.member, stored = stored.sign_count, presented,
        "the counter of a passkey went back: a copy of it seems to exist"
    );
    let mut tx = AuditedTx::begin_essential(core, passkey.workspace, context).await?;
    let Some(member) = members::find(tx.db(), passkey.workspace, passkey.member).await? else { return Ok(()) };
    let counter = json!({ "stored": stored.sign_count, "presented": presented });
    let details = json!({ "passkey": named(passkey), "counter": counter });
    let target = Target::new(TargetKind::Member, member.id, &member.name);
    tx.record_as(Action::PasskeyRefused, Outcome::Denied, Some(target), details);
    Ok(tx.commit().await?)
}
