//! The call by which a person proves again who they are.

use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Proof, Reauthenticated, reauthenticate};
use crate::access::{Allowed, RECENT, SignedIn};
use crate::app::App;
use crate::auth::Origin;
use crate::sessions::AuthMethod;
use kit::clock::Time;
use kit::http::route::post;
use kit::http::{ApiError, Body, Check, JsonOk, Route};
use kit::text::{Line, secret_string};

pub(in crate::auth) fn route() -> Route<App> {
    post("/api/v1/auth/reauthenticate", "Authenticate again", prove)
        .fails(401, "INVALID_CREDENTIALS")
        .fails(401, "TWO_FACTOR_REQUIRED")
        .fails(401, "TWO_FACTOR_INVALID")
}

// No Debug: it carries a password.
/// The password of the caller, and a code if they have a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reauthenticate {
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 256)]
    password: SecretString,
    /// A verification code or a backup code.
    #[serde(default)]
    code: Option<Line<1, 64>>,
}

impl Check for Reauthenticate {}

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
    Body(Reauthenticate { password, code }): Body<Reauthenticate>,
) -> Result<JsonOk<ReauthenticatedView>, ApiError> {
    // The API reads no cookie, so only the address can be recognised.
    let origin = Origin { address: who.request().client_ip(), browser: None };
    let code = code.map(|code| SecretString::from(code.as_str()));
    let proof = Proof { password, code, origin };
    let session = &who.caller().session;
    let Reauthenticated { at, methods } =
        reauthenticate(&app, &app.passwords, &app.sign_ins, session, proof, who.audit_context(&app)).await?;
    Ok(JsonOk(ReauthenticatedView { authenticated_at: at, methods, recent_until: at.after(RECENT) }))
}
