//! The page of a link that resets a password: its code, which the link fills in, then a new password.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::auth::{self, Error, OpenReset};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormFaults, Moments};
use kit::text::sentence;

const PATH: &str = "/reset-password";

pub(super) fn lines() -> Vec<Route<App>> {
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
    faults: FormFaults,
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
    faults: FormFaults,
}

impl CodePage {
    fn new(visitor: &OpenPage, code: &str, faults: FormFaults) -> Self {
        Self { title: "Reset your password", token: visitor.csrf_token(), code: code.to_owned(), faults }
    }
}

async fn new(visitor: OpenPage) -> Response {
    visitor.show(StatusCode::OK, &CodePage::new(&visitor, "", FormFaults::default()))
}

async fn create(visitor: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let code = fields.url_fragment("code");
    if code.is_empty() {
        let faults = FormFaults::of_field("code", "Enter the reset code: open the link again, or paste the link here.");
        return Ok(visitor.show(StatusCode::BAD_REQUEST, &CodePage::new(&visitor, "", faults)));
    }
    if !fields.has("password") {
        return show(&app, &visitor, code, StatusCode::OK, FormFaults::default()).await;
    }
    match redeem(&app, &visitor, &fields, code).await {
        // The person signs in with the new password, and with further factors if they have any.
        Ok(()) => Ok(Redirect::to("/sign-in?after=reset").into_response()),
        Err(error) => refused(&app, &visitor, code, error).await,
    }
}

async fn redeem(app: &App, visitor: &OpenPage, fields: &Fields, code: &str) -> Result<(), Error> {
    let password = SecretString::from(fields.verbatim("password"));
    let by = |actor| visitor.request().audit_context(actor);
    auth::redeem_reset(app, &app.passwords, code, &password, by).await
}

/// Shows the form of the password, with what was wrong with it.
async fn refused(app: &App, visitor: &OpenPage, code: &str, error: Error) -> Result<Response, ApiError> {
    let faults = match &error {
        Error::NewPassword(weak) => FormFaults::of_field("password", sentence(weak)),
        Error::Password(_) | Error::ResetLink | Error::NotJoined => FormFaults::of_whole(sentence(&error)),
        Error::Credentials
        | Error::CurrentPassword
        | Error::SamePassword
        | Error::Limited(_)
        | Error::TooMany(_)
        | Error::Denied(_)
        | Error::Db(_) => return Err(error.into()),
    };
    let error = ApiError::from(error);
    let mut response = show(app, visitor, code, error.status, faults).await?;
    response.headers_mut().extend(error.retry_after().map(|wait| (RETRY_AFTER, wait)));
    Ok(response)
}

/// Shows the form of the password, or that of the code if the link cannot be used.
async fn show(app: &App, visitor: &OpenPage, code: &str, status: StatusCode, faults: FormFaults) -> Result<Response, ApiError> {
    let Some(reset) = auth::find_reset(app, code).await? else {
        let faults = FormFaults::of_field("code", sentence(Error::ResetLink));
        return Ok(visitor.show(StatusCode::GONE, &CodePage::new(visitor, code, faults)));
    };
    let at = Moments::new(app.clock.now(), &reset.workspace.timezone);
    let (token, code) = (visitor.csrf_token(), code.to_owned());
    Ok(visitor.show(status, &ResetPage { title: "Reset your password", token, code, reset, at, faults }))
}
