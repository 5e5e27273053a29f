//! The calls on a person's own second factors.

use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, RecentlySignedIn};
use crate::app::App;
use crate::auth::factors::{self, BackupCode};
use kit::http::route::{delete, post};
use kit::http::{ApiError, Body, Check, JsonOk, NoFields, NoStore, Route};
use kit::text::secret_string;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        post("/api/v1/auth/two-factor/setup", "Begin two-factor set-up", set_up).fails(409, "SECRET_KEY_MISSING"),
        post("/api/v1/auth/two-factor/setup/confirm", "Enable two-factor authentication", confirm)
            .conflicts()
            .fails(401, "TWO_FACTOR_INVALID")
            .fails(409, "SECRET_KEY_MISSING"),
        delete("/api/v1/auth/two-factor", "Disable two-factor authentication", disable).conflicts(),
        post("/api/v1/auth/two-factor/backup-codes", "Replace backup codes", replace_backup_codes).conflicts(),
    ]
}

/// A new secret for an authenticator app. Sign-ins do not ask for its codes before the first is confirmed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TwoFactorSetup {
    /// The secret in base32, to be typed into the app; shown once.
    secret: String,
    /// The secret as a URL for the app: SHA-1, 6 digits, 30 seconds.
    otpauth_url: String,
    /// The URL as a QR code, an SVG image.
    qr_svg: String,
}

async fn set_up(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<TwoFactorSetup>>, ApiError> {
    let begun = factors::begin_set_up(&app, who.member(), who.workspace_slug(), who.audit_context(&app)).await?;
    Ok(NoStore(JsonOk(TwoFactorSetup { secret: begun.secret, otpauth_url: begun.url, qr_svg: begun.qr })))
}

// No Debug: it carries a code.
/// A code of the app that is being set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmSetup {
    /// The verification code that the app shows, 6 digits.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, max_length = 64)]
    code: SecretString,
}

impl Check for ConfirmSetup {}

/// One-time codes for a person who does not have their authenticator app at hand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewBackupCodes)]
struct BackupCodes {
    /// Shown once; earlier ones have ended.
    backup_codes: Vec<String>,
}

impl BackupCodes {
    fn new(codes: &[BackupCode]) -> NoStore<JsonOk<Self>> {
        NoStore(JsonOk(Self { backup_codes: codes.iter().map(BackupCode::expose).collect() }))
    }
}

async fn confirm(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Body(input): Body<ConfirmSetup>,
) -> Result<NoStore<JsonOk<BackupCodes>>, ApiError> {
    let session = &who.caller().session;
    Ok(BackupCodes::new(&factors::confirm_set_up(&app, session, &input.code, who.audit_context(&app)).await?))
}

/// The outcome of disabling two-factor authentication.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TwoFactorDisabled {
    two_factor_disabled: bool,
}

async fn disable(who: Allowed<RecentlySignedIn>, State(app): State<App>) -> Result<JsonOk<TwoFactorDisabled>, ApiError> {
    factors::disable(&app, who.member(), who.audit_context(&app)).await?;
    Ok(JsonOk(TwoFactorDisabled { two_factor_disabled: true }))
}

async fn replace_backup_codes(
    who: Allowed<RecentlySignedIn>,
    State(app): State<App>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<BackupCodes>>, ApiError> {
    Ok(BackupCodes::new(&factors::replace_backup_codes(&app, who.member(), who.audit_context(&app)).await?))
}
