//! The call by which a person proves again who they are.

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Proof, Reauthenticated, reauthenticate};
use crate::access::{Allowed, RECENT, SignedIn};
use crate::app::App;
use crate::auth::Origin;
use crate::auth::passkeys::{self, optional_secret};
use crate::sessions::AuthMethod;
use kit::clock::Time;
use kit::http::route::post;
use kit::http::{ApiError, Body, Check, FieldErrors, JsonOk, Route};
use kit::text::Line;

pub(in crate::auth) fn route() -> Route<App> {
    post("/api/v1/auth/reauthenticate", "Authenticate again", prove)
        .essential()
        .fails(401, "INVALID_CREDENTIALS")
        .fails(401, "TWO_FACTOR_REQUIRED")
        .fails(401, "TWO_FACTOR_INVALID")
        .fails(401, "CHALLENGE_INVALID")
        .fails(401, "PASSKEY_INVALID")
        .fails(409, "PASSKEYS_UNAVAILABLE")
}

// No Debug: it carries a password.
/// The password of the caller, and a code if they have a second factor; or the response of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reauthenticate {
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, max_length = 256)]
    password: Option<SecretString>,
    /// A verification code or a backup code.
    #[serde(default)]
    code: Option<Line<1, 64>>,
    /// The ceremony of a passkey, in place of a password.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>)]
    ceremony: Option<SecretString>,
    /// The `PublicKeyCredential` of the browser, as its `toJSON()` writes it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
}

impl Check for Reauthenticate {
    fn check(&self, faults: &mut FieldErrors) {
        if self.ceremony.is_none() && self.credential.is_none() {
            return faults.require(self.password.is_some(), "password", "is required");
        }
        faults.require(self.ceremony.is_some(), "ceremony", "is required");
        faults.require(self.credential.is_some(), "credential", "is required");
        faults.require(self.password.is_none(), "password", "must be left out beside a ceremony");
    }
}

/// The proof of identity that the session has from now on. Its token stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reauthenticated)]
struct ReauthenticatedView {
    authenticated_at: Time,
    methods: Vec<AuthMethod>,
    /// The time up to which calls that need a recent proof are accepted.
    recent_until: Time,
}

async fn prove(
    who: Allowed<SignedIn>,
    State(app): State<App>,
    Body(Reauthenticate { password, code, ceremony, credential }): Body<Reauthenticate>,
) -> Result<JsonOk<ReauthenticatedView>, ApiError> {
    let (session, context) = (&who.caller().session, who.audit_context(&app));
    let Reauthenticated { at, methods } = if let (Some(ceremony), Some(credential)) = (ceremony, credential) {
        passkeys::reauthenticate(&app, session, ceremony.expose_secret(), credential, context).await?
    } else {
        // The API reads no cookie, so only the address can be recognised.
        let origin = Origin { address: who.request().client_ip(), browser: None };
        let code = code.map(|code| SecretString::from(code.as_str()));
        let proof = Proof { password: password.unwrap_or_default(), code, origin };
        reauthenticate(&app, &app.passwords, &app.sign_ins, session, proof, context).await?
    };
    Ok(JsonOk(ReauthenticatedView { authenticated_at: at, methods, recent_until: at.after(RECENT) }))
}
