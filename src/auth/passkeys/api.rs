//! The calls on a person's own passkeys, and those that sign in with one.

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ceremonies::StartedCeremony;
use super::management;
use super::model::{Passkey, PasskeyId, PasskeyName};
use super::reauthentication;
use super::registration::{self, NewPasskey};
use super::second_step;
use super::sign_in::{self, PasskeyAttempt};
use super::store;
use crate::access::{Allowed, Anyone, RecentlySignedIn, SignedIn};
use crate::app::App;
use crate::auth::api::Session;
use crate::auth::known_callers::Origin;
use kit::clock::Time;
use kit::http::route::{delete, get, patch, post};
use kit::http::{
    ApiError, Body, Check, Created, JsonOk, Known, Listing, NoFields, NoParameters, NoStore, Page, Path, Routes, WithEtag,
};
use kit::text::secret_string;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Passkeys",
        [
            post("/api/v1/auth/passkey/options", "Start a sign-in with a passkey", start_sign_in)
                .essential()
                .conflicts()
                .fails(401, "CHALLENGE_INVALID")
                .fails(409, "PASSKEYS_UNAVAILABLE")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
            post("/api/v1/auth/passkey", "Sign in with a passkey", sign_in)
                .essential()
                .fails(403, "PASSKEYS_NOT_ALLOWED")
                .fails(401, "CHALLENGE_INVALID")
                .fails(401, "PASSKEY_INVALID")
                .fails(409, "PASSKEYS_UNAVAILABLE")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
            post("/api/v1/auth/reauthenticate/options", "Start a re-authentication with a passkey", start_reauthentication)
                .essential()
                .conflicts()
                .fails(409, "PASSKEYS_UNAVAILABLE"),
            get("/api/v1/auth/passkeys", "List own passkeys", index),
            post("/api/v1/auth/passkeys/options", "Start the registration of a passkey", start_registration)
                .fails(403, "PASSKEYS_NOT_ALLOWED")
                .fails(409, "PASSKEYS_UNAVAILABLE")
                .fails(409, "QUOTA_EXCEEDED"),
            post("/api/v1/auth/passkeys", "Add a passkey", add)
                .fails(403, "PASSKEYS_NOT_ALLOWED")
                .conflicts()
                .fails(400, "PASSKEY_INVALID")
                .fails(409, "PASSKEYS_UNAVAILABLE")
                .fails(409, "QUOTA_EXCEEDED")
                .fails(410, "CHALLENGE_INVALID"),
            patch("/api/v1/auth/passkeys/{id}", "Rename a passkey", rename),
            delete("/api/v1/auth/passkeys/{id}", "Remove a passkey", remove)
                .essential()
                .conflicts()
                .fails(409, "SECOND_FACTOR_NEEDED"),
        ],
    )
}

/// A passkey of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Passkey)]
struct PasskeyView {
    id: PasskeyId,
    name: String,
    /// The host that it was made for. With another public URL of the server it cannot be used.
    rp_id: String,
    /// True if a password manager keeps copies of it, by the authenticator's own account.
    is_synced: bool,
    created_at: Time,
    /// `null` if it was never used.
    last_used_at: Option<Time>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        let Passkey { id, name, rp_id, is_synced, created_at, last_used_at, workspace: _, member: _ } = passkey;
        Self { id, name, rp_id, is_synced, created_at, last_used_at }
    }
}

/// A ceremony that was started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ceremony)]
struct CeremonyView {
    /// To be sent with the response of the browser; works once.
    ceremony: String,
    expires_at: Time,
    /// The options for `navigator.credentials.create` or `.get`, as `PublicKeyCredential.parseCreationOptionsFromJSON` and
    /// `.parseRequestOptionsFromJSON` read them.
    #[schema(value_type = Object)]
    public_key: Value,
}

impl From<StartedCeremony> for CeremonyView {
    fn from(started: StartedCeremony) -> Self {
        let StartedCeremony { token, expires_at, options } = started;
        Self { ceremony: token.expose().to_owned(), expires_at, public_key: options }
    }
}

/// Returns the caller of a request to the API, which reads no cookie: only the address can be recognised.
fn origin<P: crate::access::Permission>(who: &Allowed<P>) -> Origin {
    Origin { address: who.request().client_ip(), browser: None }
}

// No Debug: it carries a secret.
/// The challenge of a sign-in that waits for its second step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartSignIn {
    /// The token in `error.challenge` of the sign-in; without one the passkey alone signs in.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>)]
    challenge: Option<SecretString>,
}

impl Check for StartSignIn {}

/// A secret that may be left out.
pub(in crate::auth) fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Option::deserialize(deserializer).map_err(|_| serde::de::Error::custom("must be text"))
}

async fn start_sign_in(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(StartSignIn { challenge }): Body<StartSignIn>,
) -> Result<NoStore<JsonOk<CeremonyView>>, ApiError> {
    let started = match challenge {
        Some(challenge) => second_step::start(&app, &app.sign_ins, &origin(&who), challenge.expose_secret()).await?,
        None => sign_in::start(&app, &app.sign_ins, &origin(&who)).await?,
    };
    Ok(NoStore(JsonOk(started.into())))
}

// No Debug: it carries the token of a ceremony, as does the other input.
/// The response of the browser to a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyAssertion)]
struct Assertion {
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String)]
    ceremony: SecretString,
    /// The `PublicKeyCredential` of the browser, as its `toJSON()` writes it.
    #[schema(value_type = Object)]
    credential: Value,
    /// The token in `error.challenge` of the sign-in, for its second step.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>)]
    challenge: Option<SecretString>,
}

impl Check for Assertion {}

async fn sign_in(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(Assertion { ceremony, credential, challenge }): Body<Assertion>,
) -> Result<NoStore<JsonOk<Session>>, ApiError> {
    let attempt = PasskeyAttempt { ceremony: ceremony.expose_secret(), credential, origin: origin(&who) };
    let context = |actor| who.request().audit_context(actor);
    let signed_in = match challenge {
        Some(challenge) => second_step::complete(&app, &app.sign_ins, challenge.expose_secret(), attempt, context).await?,
        None => sign_in::sign_in(&app, &app.sign_ins, attempt, context).await?,
    };
    Ok(NoStore(JsonOk(Session::of(&app, signed_in).await?)))
}

async fn index(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Listing { paging, .. }: Listing<NoParameters>,
    known: Known,
) -> Result<WithEtag<Page<PasskeyView>>, ApiError> {
    Ok(known.answer(store::list(app.db.read(), who.member(), paging).await?.map(PasskeyView::from)))
}

async fn start_registration(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<CeremonyView>>, ApiError> {
    Ok(NoStore(JsonOk(registration::start(&app, &who.caller().session).await?.into())))
}

async fn start_reauthentication(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<CeremonyView>>, ApiError> {
    Ok(NoStore(JsonOk(reauthentication::start(&app, &who.caller().session).await?.into())))
}

/// The response of the browser to a registration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddPasskey {
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String)]
    ceremony: SecretString,
    name: PasskeyName,
    /// The `PublicKeyCredential` of the browser, as its `toJSON()` writes it.
    #[schema(value_type = Object)]
    credential: Value,
}

impl Check for AddPasskey {}

async fn add(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Body(AddPasskey { ceremony, name, credential }): Body<AddPasskey>,
) -> Result<Created<PasskeyView>, ApiError> {
    let new = NewPasskey { ceremony: ceremony.expose_secret(), name, credential };
    Ok(Created(registration::finish(&app, &who.caller().session, new, who.audit_context(&app)).await?.into()))
}

/// A new name for a passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenamePasskey {
    name: PasskeyName,
}

impl Check for RenamePasskey {}

async fn rename(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Path(id): Path<PasskeyId>,
    Body(input): Body<RenamePasskey>,
) -> Result<JsonOk<PasskeyView>, ApiError> {
    Ok(JsonOk(management::rename(&app, who.member(), id, input.name, who.audit_context(&app)).await?.into()))
}

async fn remove(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Path(id): Path<PasskeyId>,
) -> Result<JsonOk<PasskeyView>, ApiError> {
    Ok(JsonOk(management::remove(&app, who.member(), id, who.audit_context(&app)).await?.into()))
}
