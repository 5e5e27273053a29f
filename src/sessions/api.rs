//! Signing in and out.

use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known::Origin;
use super::service::{self, Attempt};
use crate::access::{Allowed, Anyone, Caller, CallingMember, SignOut, WorkspaceView};
use crate::app::App;
use crate::keys;
use crate::members::Email;
use kit::clock::Time;
use kit::http::route::post;
use kit::http::{ApiError, Body, Check, JsonOk, NoFields, NoStore, Routes};
use kit::text::{Line, secret_string};

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new(
        "Sessions",
        [
            post("/api/v1/auth/sign-in", "Sign in", sign_in)
                .fails(401, "INVALID_CREDENTIALS")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
            post("/api/v1/auth/sign-out", "Sign out", sign_out),
        ],
    )
}

// No Debug: it carries a password.
/// An email and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: Email,
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 200)]
    password: SecretString,
    /// The slug of the workspace, for an email that has a seat in several.
    #[serde(default)]
    workspace: Option<Line<0, 40>>,
}

impl Check for SignIn {}

/// A session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    /// For `Authorization: Bearer`; shown once.
    token: String,
    expires_at: Time,
    workspace: WorkspaceView,
    member: CallingMember,
}

async fn sign_in(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(input): Body<SignIn>,
) -> Result<NoStore<JsonOk<Session>>, ApiError> {
    let SignIn { email, password, workspace } = input;
    let request = who.request();
    // The API takes no cookie, so only the address may be known.
    let origin = Origin { address: request.client_ip(), browser: None };
    let attempt = Attempt { email: &email, password, workspace: workspace.as_ref().map(Line::as_str), origin };
    let signed_in = service::sign_in(&app, attempt, |actor| request.audit_context(actor)).await?;
    let tenant = keys::tenant(&app, &app.index, signed_in.member.workspace).await?.ok_or_else(ApiError::unavailable)?;
    Ok(NoStore(JsonOk(Session {
        token: signed_in.token.expose().to_owned(),
        expires_at: signed_in.expires_at,
        workspace: WorkspaceView::from(&*tenant),
        member: CallingMember::from(&signed_in.member),
    })))
}

/// It is done.
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
    if let Caller::Member { member, session, .. } = who.caller() {
        service::sign_out(&app, member, *session, who.by(&app)).await?;
    }
    Ok(JsonOk(SignedOut { signed_out: true }))
}
