//! The form that changes a person's own password.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use secrecy::SecretString;

use super::AccountPage;
use super::redirects::{back, moved};
use crate::access::{Form, PageSession, SignedIn};
use crate::app::App;
use crate::auth::{self, ChangePassword, Error, Origin};
use crate::sessions::{CookieName, RenewedSession};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/account/password";

/// The names of the fields. `frame::SECRET_FIELDS` has them as well: what is typed there is never sent back.
const CURRENT: &str = "current_password";
const NEW: &str = "new_password";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of the own password", moved), form(PATH, "Change the own password", change)]
}

async fn change(who: PageSession<SignedIn>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    if let Some(faults) = missing(&fields) {
        return Ok(html_with(StatusCode::BAD_REQUEST, &AccountPage::new(&app, &who, faults).await?));
    }
    let secret = |name| SecretString::from(fields.verbatim(name));
    let origin = Origin { address: who.request().client_ip(), browser: Some(who.browser()) };
    let change = ChangePassword { current: secret(CURRENT), new: secret(NEW), origin };
    match auth::change_password(&app, &app.passwords, &app.sign_ins, who.session(), change, who.audit_context(&app)).await {
        Ok(renewed) => Ok(with_cookie(&app, &renewed)),
        Err(error) => refused(&app, &who, error).await,
    }
}

fn missing(fields: &Fields) -> Option<FormErrors> {
    let mut faults = FormErrors::default();
    if fields.verbatim(CURRENT).is_empty() {
        faults.add(CURRENT, "Enter your current password.");
    }
    if fields.verbatim(NEW).is_empty() {
        faults.add(NEW, "Enter a new password.");
    }
    (!faults.is_empty()).then_some(faults)
}

/// Redirects to the page and stores the new token of the session in the browser.
fn with_cookie(app: &App, renewed: &RenewedSession) -> Response {
    let left = renewed.expires_at.since(app.clock.now());
    let cookie = CookieName::Session.keep(&app.config, renewed.token.expose(), left);
    let mut response = back("password");
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// Renders the page again, with the reason why the password was not changed.
async fn refused(app: &App, who: &PageSession<SignedIn>, error: Error) -> Result<Response, ApiError> {
    let field = match &error {
        Error::CurrentPassword => Some((CURRENT, "The current password is wrong.".to_owned())),
        Error::NewPassword(weak) => Some((NEW, sentence(weak))),
        Error::SamePassword => Some((NEW, sentence(&error))),
        Error::Limited(_) | Error::TooMany(_) | Error::Password(_) => None,
        Error::Credentials
        | Error::CodeRequired
        | Error::SecondStep(_)
        | Error::Factor(_)
        | Error::ResetLink
        | Error::NotJoined
        | Error::Denied(_)
        | Error::Db(_) => return Err(error.into()),
    };
    let error = ApiError::from(error);
    let faults = match field {
        Some((field, message)) => FormErrors::of_field(field, message),
        None => FormErrors::of_whole(error.message.clone()),
    };
    Ok(error.with_retry_after(html_with(error.status, &AccountPage::new(app, who, faults).await?)))
}
