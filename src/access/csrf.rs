//! What a page's form has to prove: that it was opened in this browser, in this session, and sent from this site.
//!
//! A form carries a token made of the cookie it was opened with; another site knows neither. Besides, a browser says
//! where a form was sent from, and that must not be elsewhere. Both are asked of every `POST` of the pages, in one
//! place: no handler can forget it.

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::allowed::{self, Caller};
use super::page_session::{Postponed, SignedOut};
use crate::app::App;
use crate::frame;
use crate::sessions::Jar;
use kit::http::intake::{self, LARGEST_ANONYMOUS, NotTaken, Sender};
use kit::http::{ApiError, Describe, Doc, IdempotencyKey, Matched};
use kit::page::Fields;

/// The field that carries the token.
pub(super) const TOKEN: &str = "csrf";

/// The largest form of somebody who is signed in: fifty blocks of an allow-list and a description fit many times.
const LARGEST: usize = 64 << 10;

/// What a form was filled with, once it has proved itself.
pub struct Form {
    /// The fields.
    pub fields: Fields,
    path: String,
}

impl Form {
    /// The form's promise that it is sent once: whatever it is filled with, one opened form makes one thing, at its own
    /// address.
    pub fn once(&self) -> Option<IdempotencyKey> {
        let key = self.fields.given("once").filter(|key| key.len() <= 255)?.to_owned();
        Some(IdempotencyKey { fingerprint: Sha256::digest(format!("{} {key}", self.path)).into(), key })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // There are no fields but those that `csrf_middleware` has put there.
        let fields = parts.extensions.remove::<Fields>().ok_or_else(ApiError::internal)?;
        Ok(Self { fields, path: parts.uri.path().to_owned() })
    }
}

impl Describe for Form {
    fn describe(_: &mut Doc) {}
}

/// The token of the forms of whoever has this cookie.
pub(super) fn csrf_token(cookie: &str) -> String {
    hex::encode(Sha256::digest(format!("form {cookie}")))
}

/// The layer in front of every page.
pub async fn csrf_middleware(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    Matched::tell(request.extensions());
    let (mut parts, body) = request.into_parts();
    let fields = match read(&app, &parts, body).await {
        Ok(fields) => fields,
        Err(error) => return error.into_response(),
    };
    match prove(&app, &parts, &fields) {
        Ok(jar) => parts.extensions.insert(CsrfVerified(jar)),
        Err(refused) => return *refused,
    };
    let path = parts.uri.path().to_owned();
    parts.extensions.insert(fields.clone());
    let response = next.run(Request::from_parts(parts, Body::empty())).await;
    if let Some(Postponed(error)) = response.extensions().get() {
        return frame::try_again_later(&path, &fields, error, response.headers().clone());
    }
    if response.extensions().get::<SignedOut>().is_some() {
        return frame::signed_out_meanwhile(&path, &fields.with(TOKEN, ""));
    }
    response
}

/// Among a request's extensions: the cookie its form was opened with.
#[derive(Clone, Copy, Debug)]
pub(super) struct CsrfVerified(pub(super) Jar);

// Boxed, because a response is far larger than a jar.
fn prove(app: &App, parts: &Parts, fields: &Fields) -> Result<Jar, Box<Response>> {
    let is_from = origin(app, &parts.headers);
    if is_from == From::Elsewhere {
        let message = "This form was sent from another site, so nothing was changed. Open the page here and send it again.";
        return Err(Box::new(ApiError::new(StatusCode::FORBIDDEN, "FORM_REFUSED", message).into_response()));
    }
    let sent = |jar: Jar| jar.read(&app.config, &parts.headers).filter(|cookie| !cookie.is_empty());
    let fits = |jar: &Jar| sent(*jar).is_some_and(|cookie| csrf_token(&cookie) == fields.text(TOKEN));
    if let Some(jar) = [Jar::Session, Jar::Visit].into_iter().find(fits) {
        return Ok(jar);
    }
    // The session ran out, or somebody signed out and in again, while the form was open. What was typed is worth another
    // press of a button, if it is certain that it was typed here; a password is typed again.
    if is_from == From::Here && fields.given("password").is_none() && !fields.text(TOKEN).is_empty() {
        let path = parts.uri.path();
        return Err(Box::new(match sent(Jar::Session) {
            Some(session) => frame::send_again(path, &fields.with(TOKEN, csrf_token(&session))),
            None => frame::signed_out_meanwhile(path, &fields.with(TOKEN, "")),
        }));
    }
    Err(Box::new(form_refused().into_response()))
}

pub(super) fn form_refused() -> ApiError {
    let message = "This form is too old, or your browser sent no cookie, so nothing was changed. Allow cookies for this site, open the page again and send the form again.";
    ApiError::new(StatusCode::FORBIDDEN, "FORM_REFUSED", message)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Here,
    Elsewhere,
    Unsaid,
}

/// Where a form was sent from, as far as the browser says: no page can forge these headers.
fn origin(app: &App, headers: &HeaderMap) -> From {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin") => return From::Here,
        // A reload, or an address that was typed.
        Some("none") | None => {}
        Some(_) => return From::Elsewhere,
    }
    let Some(origin) = text("origin") else { return From::Unsaid };
    let own = origin.split_once("://").is_some_and(|(_, authority)| text(header::HOST.as_str()) == Some(authority));
    if own || origin == app.config.origin() { From::Here } else { From::Elsewhere }
}

async fn read(app: &App, parts: &Parts, body: Body) -> Result<Fields, ApiError> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let message = "Send forms as application/x-www-form-urlencoded. Software should use the API: see /docs.";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message));
    }
    let (sender, limit) = sender(app, parts).await?;
    let mut held = app.bodies.hold(sender);
    let body = intake::read(&parts.headers, body, limit, &mut held).await.map_err(|why| not_taken(why, sender))?;
    Ok(Fields::parse(&body))
}

/// The sender of a form, and how large it may be. The session is looked up for a large form only, as the page does so again.
async fn sender(app: &App, parts: &Parts) -> Result<(Sender, usize), ApiError> {
    let is_small = intake::announced(&parts.headers).is_some_and(|length| length <= LARGEST_ANONYMOUS as u64);
    let session = if is_small { None } else { Jar::Session.read(&app.config, &parts.headers) };
    let person = match session {
        Some(token) => allowed::person(app, token.as_bytes()).await?,
        None => None,
    };
    Ok(match person {
        Some(Caller::Member { tenant, .. }) => (Sender::Group(tenant.id.0), LARGEST),
        _ => (Matched::sender(&parts.extensions), LARGEST_ANONYMOUS),
    })
}

fn not_taken(why: NotTaken, sender: Sender) -> ApiError {
    match (why, sender) {
        (NotTaken::TooLarge, Sender::Client(_)) => {
            ApiError::too_large("The form is larger than 8 KiB, and you are not signed in. Sign in, or go back and shorten it.")
        }
        (NotTaken::TooLarge, Sender::Group(_)) => ApiError::too_large("The form is larger than 64 KiB. Go back and shorten it."),
        (NotTaken::Late | NotTaken::Broken, _) => {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The form did not arrive in time. Send it again.")
        }
        (NotTaken::Busy, _) => {
            ApiError::overloaded("Too many forms are arriving at once, so nothing was changed. Send it again in a moment.")
        }
    }
}
