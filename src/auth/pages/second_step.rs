//! The page of the second step of a sign-in. The token of the challenge is in a cookie, and in no address.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use super::{origin, redirect_signed_in, safe_next, with_cookies};
use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::auth::factors::{Challenge, FactorError};
use crate::auth::passkeys::{self, PasskeyAttempt};
use crate::auth::{Error, OpenChallenge, SecondStep, complete_sign_in, find_challenge};
use crate::frame::PasskeyPrompt;
use crate::sessions::{AuthMethod, CookieName};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Asked, Fields, FormErrors};
use kit::text::sentence;

const PATH: &str = "/sign-in/two-factor";
const BY_PASSKEY: &str = "/sign-in/two-factor/passkey";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Page of the second step of a sign-in", show),
        form(PATH, "Complete the sign-in", create),
        page(BY_PASSKEY, "Page of the second step, where a passkey was refused", show),
        form(BY_PASSKEY, "Complete the sign-in with a passkey", create_by_passkey),
    ]
}

/// Redirects to the page, with the challenge in a cookie.
pub(super) fn redirect(app: &App, challenge: &Challenge, next: &str) -> Response {
    let left = challenge.expires_at.since(app.clock.now());
    let cookie = CookieName::Challenge.keep(&app.config, challenge.token.expose(), left);
    with_cookies(Redirect::to(&address(next, None)), [cookie])
}

fn address(next: &str, with: Option<AuthMethod>) -> String {
    let fields = Fields::default().with("next", next);
    let fields = with.map_or_else(|| fields.clone(), |method| fields.with("with", method.as_str()));
    format!("{PATH}{}", fields.to_query())
}

#[derive(Template)]
#[template(path = "sessions/second_step.html")]
struct SecondStepPage {
    title: &'static str,
    token: String,
    email: String,
    next: String,
    /// The method whose code the form asks for.
    method: AuthMethod,
    /// The address of the page with the other method, if there is another.
    other: Option<String>,
    /// False if the member has passkeys only.
    has_codes: bool,
    /// The ceremony of a passkey, for a member who has one.
    passkey: Option<PasskeyPrompt>,
    faults: FormErrors,
}

impl SecondStepPage {
    fn new(
        open_page: &OpenPage,
        open: OpenChallenge,
        (fields, faults): (&Fields, FormErrors),
        passkey: Option<PasskeyPrompt>,
    ) -> Self {
        let OpenChallenge { member, methods } = open;
        let has = |method: AuthMethod| methods.contains(&method);
        let wants_backup_code = fields.text("with") == AuthMethod::BackupCode.as_str();
        let has_codes = methods.iter().any(|method| *method != AuthMethod::Passkey);
        let wants_backup_code = wants_backup_code || !has(AuthMethod::Totp);
        let method = match (has(AuthMethod::ResetCode), has(AuthMethod::BackupCode) && wants_backup_code) {
            (true, _) => AuthMethod::ResetCode,
            (false, true) => AuthMethod::BackupCode,
            (false, false) => AuthMethod::Totp,
        };
        let next = safe_next(fields).to_owned();
        let other = match method {
            AuthMethod::Totp if has(AuthMethod::BackupCode) => Some(address(&next, Some(AuthMethod::BackupCode))),
            AuthMethod::BackupCode if has(AuthMethod::Totp) => Some(address(&next, None)),
            _ => None,
        };
        let (token, email) = (open_page.csrf_token(), member.email);
        Self { title: "Two-factor authentication", token, email, next, method, other, has_codes, passkey, faults }
    }

    fn is_totp(&self) -> bool {
        self.method == AuthMethod::Totp
    }

    fn is_backup_code(&self) -> bool {
        self.method == AuthMethod::BackupCode
    }
}

async fn show(open_page: OpenPage, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    if open_page.signed_in().is_some() {
        return Ok(Redirect::to(safe_next(&fields)).into_response());
    }
    page_of(&app, &open_page, &fields, StatusCode::OK, FormErrors::default()).await
}

/// Renders the page, or leads back to the first step if the challenge has ended.
async fn page_of(
    app: &App,
    open_page: &OpenPage,
    fields: &Fields,
    status: StatusCode,
    faults: FormErrors,
) -> Result<Response, ApiError> {
    let open = match open_page.challenge() {
        Some(token) => find_challenge(app, token).await?,
        None => None,
    };
    let Some(open) = open else { return Ok(again(app, fields)) };
    let passkey = match open_page.challenge() {
        Some(token) if open.methods.contains(&AuthMethod::Passkey) => {
            passkeys::start_second_step(app, &app.sign_ins, &origin(open_page), token).await.ok()
        }
        _ => None,
    };
    let passkey = passkey.map(|started| PasskeyPrompt::new(&app.config, started.token.expose(), &started.options));
    Ok(open_page.show(status, &SecondStepPage::new(open_page, open, (fields, faults), passkey)))
}

/// Redirects to the first step.
fn again(app: &App, fields: &Fields) -> Response {
    let fields = Fields::default().with("after", "challenge").with("next", safe_next(fields));
    with_cookies(Redirect::to(&format!("/sign-in{}", fields.to_query())), [CookieName::Challenge.forget(&app.config)])
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let Some(challenge) = open_page.challenge() else { return Ok(again(&app, &fields)) };
    let code = SecretString::from(fields.verbatim("code"));
    if fields.text("code").is_empty() {
        let faults = FormErrors::of_field("code", "Enter the code.");
        return page_of(&app, &open_page, &fields, StatusCode::BAD_REQUEST, faults).await;
    }
    let step = SecondStep { challenge, code: &code, origin: origin(&open_page) };
    let context = |actor| open_page.request().audit_context(actor);
    match complete_sign_in(&app, &app.sign_ins, step, context).await {
        Ok(session) => redirect_signed_in(&app, &open_page, &session, safe_next(&fields)).await,
        Err(Error::Factor(FactorError::Challenge)) => Ok(again(&app, &fields)),
        Err(error) => refused(&app, &open_page, &fields, error).await,
    }
}

async fn create_by_passkey(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let Some(challenge) = open_page.challenge() else { return Ok(again(&app, &fields)) };
    let credential = serde_json::from_str(fields.verbatim("credential")).unwrap_or_default();
    let attempt = PasskeyAttempt { ceremony: fields.verbatim("ceremony"), credential, origin: origin(&open_page) };
    let context = |actor| open_page.request().audit_context(actor);
    match passkeys::complete_sign_in(&app, &app.sign_ins, challenge, attempt, context).await {
        Ok(session) => redirect_signed_in(&app, &open_page, &session, safe_next(&fields)).await,
        Err(error) => {
            let message = sentence(&error);
            let error = ApiError::from(error);
            if error.status.is_server_error() {
                return Err(error);
            }
            let faults = FormErrors::of_whole(message);
            Ok(error.with_retry_after(page_of(&app, &open_page, &fields, error.status, faults).await?))
        }
    }
}

async fn refused(app: &App, open_page: &OpenPage, fields: &Fields, error: Error) -> Result<Response, ApiError> {
    let is_shown = matches!(error, Error::Factor(FactorError::Wrong | FactorError::TooMany(_)));
    let error = ApiError::from(error);
    if !is_shown {
        return Err(error);
    }
    let faults = FormErrors::of_whole(error.message.clone());
    Ok(error.with_retry_after(page_of(app, open_page, fields, error.status, faults).await?))
}
