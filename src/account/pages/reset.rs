//! The page of a link that resets a password: its code, which the link fills in, then a new password.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::auth::{self, Error, OpenReset};
use crate::security;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormErrors, Moments};
use kit::text::sentence;

const PATH: &str = "/reset-password";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page of a link that resets a password", new), form(PATH, "Open the link, or set the password", create)]
}

/// The form of the code, which a browser with JavaScript sends at once.
// No Debug: it carries the token of a link, as does the other page.
#[derive(Template)]
#[template(path = "account/reset_code.html")]
struct CodePage {
    title: &'static str,
    token: String,
    code: String,
    faults: FormErrors,
}

/// The form of the new password.
#[derive(Template)]
#[template(path = "account/reset.html")]
struct ResetPage {
    title: &'static str,
    token: String,
    code: String,
    reset: OpenReset,
    at: Moments,
    /// The shortest password, in characters.
    min_length: usize,
    faults: FormErrors,
}

impl CodePage {
    fn new(open_page: &OpenPage, code: &str, faults: FormErrors) -> Self {
        Self { title: "Reset your password", token: open_page.csrf_token(), code: code.to_owned(), faults }
    }
}

async fn new(open_page: OpenPage) -> Response {
    open_page.show(StatusCode::OK, &CodePage::new(&open_page, "", FormErrors::default()))
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let code = fields.url_fragment("code");
    if code.is_empty() {
        let faults = FormErrors::of_field("code", "Enter the reset code: open the link again, or paste the link here.");
        return Ok(open_page.show(StatusCode::BAD_REQUEST, &CodePage::new(&open_page, "", faults)));
    }
    if !fields.has("password") {
        return show(&app, &open_page, code, StatusCode::OK, FormErrors::default()).await;
    }
    match redeem(&app, &open_page, &fields, code).await {
        // The person signs in with the new password, and with further factors if they have any.
        Ok(()) => Ok(Redirect::to("/sign-in?after=reset").into_response()),
        Err(error) => refused(&app, &open_page, code, error).await,
    }
}

async fn redeem(app: &App, open_page: &OpenPage, fields: &Fields, code: &str) -> Result<(), Error> {
    let password = SecretString::from(fields.verbatim("password"));
    let context = |actor| open_page.request().audit_context(actor);
    auth::redeem_reset(app, &app.passwords, code, &password, context).await
}

/// Shows the form of the password, with what was wrong with it.
async fn refused(app: &App, open_page: &OpenPage, code: &str, error: Error) -> Result<Response, ApiError> {
    let faults = match &error {
        Error::NewPassword(weak) => FormErrors::of_field("password", sentence(weak)),
        Error::Password(_) | Error::ResetLink | Error::NotJoined => FormErrors::of_whole(sentence(&error)),
        Error::Credentials
        | Error::SecondStep(_)
        | Error::Factor(_)
        | Error::CurrentPassword
        | Error::CodeRequired
        | Error::SamePassword
        | Error::Limited(_)
        | Error::TooMany(_)
        | Error::Denied(_)
        | Error::Db(_) => return Err(error.into()),
    };
    let error = ApiError::from(error);
    Ok(error.with_retry_after(show(app, open_page, code, error.status, faults).await?))
}

/// Shows the form of the password, or that of the code if the link cannot be used.
async fn show(app: &App, open_page: &OpenPage, code: &str, status: StatusCode, faults: FormErrors) -> Result<Response, ApiError> {
    let Some(reset) = auth::find_reset(app, code).await? else {
        let faults = FormErrors::of_field("code", sentence(Error::ResetLink));
        return Ok(open_page.show(StatusCode::GONE, &CodePage::new(open_page, code, faults)));
    };
    let at = Moments::new(app.clock.now(), &reset.workspace.timezone);
    let (token, code) = (open_page.csrf_token(), code.to_owned());
    let min_length = security::min_password_length(app.db.read(), &reset.member).await?;
    Ok(open_page.show(status, &ResetPage { title: "Reset your password", token, code, reset, at, min_length, faults }))
}
