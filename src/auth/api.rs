//! The calls that sign in and out.

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known_callers::Origin;
use super::reauthenticate;
use super::second_step::{SecondStep, complete_sign_in};
use super::sign_in::{self, Attempt, SignedIn};
use crate::access::{Allowed, Anyone, CallingMember, SignOut, WorkspaceView};
use crate::app::App;
use crate::keys;
use crate::members::Email;
use crate::security::FactorSetup;
use crate::sessions;
use kit::clock::Time;
use kit::http::route::post;
use kit::http::{ApiError, Body, Check, JsonOk, NoFields, NoStore, Routes};
use kit::text::{Line, secret_string};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Sessions",
        [
            post("/api/v1/auth/sign-in", "Sign in", sign_in)
                .essential()
                .fails(401, "INVALID_CREDENTIALS")
                .fails(401, "TWO_FACTOR_REQUIRED")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
            post("/api/v1/auth/two-factor", "Complete sign-in", complete)
                .essential()
                .fails(401, "TWO_FACTOR_INVALID")
                .fails(401, "CHALLENGE_INVALID")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
            post("/api/v1/auth/sign-out", "Sign out", sign_out).essential(),
            reauthenticate::api::route(),
        ],
    )
}

// No Debug: it carries a password.
/// An email and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    #[serde(deserialize_with = "Email::deserialize_known")]
    email: Email,
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 256)]
    password: SecretString,
    /// The slug of the workspace, for an email that has a seat in several.
    #[serde(default)]
    workspace: Option<Line<0, 40>>,
}

impl Check for SignIn {}

/// A session that was just started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// For `Authorization: Bearer`; shown once.
    token: String,
    /// The latest time at which the session ends; earlier after the workspace's idle time without use.
    expires_at: Time,
    /// True if the workspace requires a second factor that the member has to set up before anything else.
    setup_required: bool,
    workspace: WorkspaceView,
    member: CallingMember,
}

impl Session {
    pub(super) async fn of(app: &App, signed_in: SignedIn) -> Result<Self, ApiError> {
        let tenant = keys::tenant(app, &app.index, signed_in.member.workspace).await?.ok_or_else(ApiError::unavailable)?;
        Ok(Self {
            token: signed_in.token.expose().to_owned(),
            expires_at: signed_in.expires_at,
            setup_required: signed_in.factor_setup == FactorSetup::Required,
            workspace: WorkspaceView::from(&*tenant),
            member: CallingMember::from(&signed_in.member),
        })
    }
}

async fn sign_in(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(input): Body<SignIn>,
) -> Result<NoStore<JsonOk<Session>>, ApiError> {
    let SignIn { email, password, workspace } = input;
    let request = who.request();
    // The API reads no cookie, so only the address can be recognised.
    let origin = Origin { address: request.client_ip(), browser: None };
    let attempt = Attempt { email: &email, password, workspace: workspace.as_ref().map(Line::as_str), origin };
    let context = |actor| request.audit_context(actor);
    let signed_in = sign_in::sign_in(&app, &app.passwords, &app.sign_ins, attempt, context).await?;
    Ok(NoStore(JsonOk(Session::of(&app, signed_in).await?)))
}

// No Debug: it carries secrets.
/// The challenge of a sign-in, and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompleteSignIn {
    /// The token in `error.challenge` of the sign-in.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String)]
    challenge: SecretString,
    /// A verification code (6 digits), a backup code, or the code of a reset.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 64)]
    code: SecretString,
}

impl Check for CompleteSignIn {}

async fn complete(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(input): Body<CompleteSignIn>,
) -> Result<NoStore<JsonOk<Session>>, ApiError> {
    let request = who.request();
    let origin = Origin { address: request.client_ip(), browser: None };
    let step = SecondStep { challenge: input.challenge.expose_secret(), code: &input.code, origin };
    let signed_in = complete_sign_in(&app, &app.sign_ins, step, |actor| request.audit_context(actor)).await?;
    Ok(NoStore(JsonOk(Session::of(&app, signed_in).await?)))
}

/// The outcome of a sign-out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedOut {
    signed_out: bool,
}

async fn sign_out(
    who: Allowed<SignOut>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<JsonOk<SignedOut>, ApiError> {
    sessions::end(&app, &who.caller().session, who.audit_context(&app)).await?;
    Ok(JsonOk(SignedOut { signed_out: true }))
}
