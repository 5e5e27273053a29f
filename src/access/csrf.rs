//! Protection of the pages' forms against cross-site request forgery (CSRF).
//!
//! A form carries a token derived from the cookie that it was opened with; another site knows neither. The browser also says
//! which site a form was sent from, which must be this one. The middleware checks both for every `POST` of the pages, so that
//! no handler can forget it.

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::admit::authenticate_session;
use super::confirm::{self, SentProof, WaitingForm};
use super::csrf_token::{CsrfVerified, Postponed, SignedOut, csrf_token, form_refused};
use super::page_session::signed_in_member;
use crate::app::App;
use crate::config::Config;
use crate::frame;
use crate::sessions::CookieName;
use kit::http::intake::{self, LARGEST_ANONYMOUS, NotTaken, Sender};
use kit::http::{ApiError, Describe, Doc, IdempotencyKey, Matched};
use kit::page::Fields;

/// The form field of the CSRF token.
const TOKEN: &str = "csrf";

/// The largest form of a member, in bytes: a safety report of 10,000 characters, each of four bytes that are percent-encoded, fits.
const LARGEST: usize = 128 << 10;

/// The fields of a form whose CSRF token was verified.
pub struct Form {
    pub fields: Fields,
    path: String,
}

impl Form {
    /// Returns the idempotency key of an opened form: however often it is corrected and sent, it creates one thing. The path
    /// is part of the fingerprint.
    pub fn idempotency_key(&self) -> Option<IdempotencyKey> {
        let key = self.fields.given("idempotency_key").filter(|key| key.len() <= 255)?.to_owned();
        Some(IdempotencyKey { fingerprint: Sha256::digest(format!("{} {key}", self.path)).into(), key })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Attached by `csrf_middleware` only.
        let fields = parts.extensions.remove::<Fields>().ok_or_else(ApiError::internal)?;
        Ok(Self { fields, path: parts.uri.path().to_owned() })
    }
}

impl Describe for Form {
    fn describe(_: &mut Doc) {}
}

/// The middleware of all pages.
pub async fn csrf_middleware(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    Matched::tell(request.extensions());
    let (mut parts, body) = request.into_parts();
    let (proof, fields) = match read(&app, &parts, body).await {
        Ok(fields) => SentProof::take(fields),
        Err(error) => return error.into_response(),
    };
    let path = parts.uri.path().to_owned();
    let session = CookieName::Session.read(&app.config, &parts.headers).filter(|cookie| !cookie.is_empty());
    let cookie = match verify(&app, &parts, &fields) {
        Ok(cookie) => cookie,
        Err(Refused::Error(error)) => return error.into_response(),
        Err(Refused::Outdated) => return keep_input(&app, session.as_deref(), &path, &fields).await,
    };
    let form = WaitingForm { path: &path, fields: &fields };
    let token = session.as_deref().filter(|_| cookie == CookieName::Session);
    if let (Some(proof), Some(token)) = (proof, token)
        && let Err(response) = confirm::prove(&app, &parts, token, proof, form).await
    {
        return response;
    }
    parts.extensions.insert(CsrfVerified(cookie));
    parts.extensions.insert(fields.clone());
    let response = next.run(Request::from_parts(parts, Body::empty())).await;
    let of_space = response.extensions().get::<ApiError>().filter(|error| error.status == StatusCode::INSUFFICIENT_STORAGE);
    let of_space = of_space.filter(|_| !frame::SECRET_FIELDS.iter().any(|name| fields.has(name)));
    if let Some(error) = response.extensions().get().map(|Postponed(error)| error).or(of_space) {
        let signed_in_member = signed_in_member(&app, session.as_deref()).await;
        return frame::try_again_later(&app, signed_in_member, &path, &fields, (error, response.headers().clone()));
    }
    if confirm::is_asked_for(&response) {
        return confirm::ask(&app, signed_in_member(&app, token).await, form).await;
    }
    if response.extensions().get::<SignedOut>().is_some() {
        return frame::signed_out_meanwhile(&path, &fields.with(TOKEN, ""));
    }
    response
}

/// The reason why a form was not passed on.
enum Refused {
    Error(ApiError),
    /// The session ended or was replaced while the form was open.
    Outdated,
}

/// Responds with what was typed, to be sent again with the token of the present session, or after signing in.
async fn keep_input(app: &App, session: Option<&str>, path: &str, fields: &Fields) -> Response {
    match session {
        Some(token) => {
            let fields = fields.with(TOKEN, csrf_token(token));
            frame::send_again(app, signed_in_member(app, Some(token)).await, path, &fields)
        }
        None => frame::signed_out_meanwhile(path, &fields.with(TOKEN, "")),
    }
}

/// Returns the cookie that the form's token was derived from.
fn verify(app: &App, parts: &Parts, fields: &Fields) -> Result<CookieName, Refused> {
    let origin = request_origin(&app.config, &parts.headers);
    if origin == RequestOrigin::CrossOrigin {
        let message = "This form was sent from another site, so nothing was changed. Open the page here and send it again.";
        return Err(Refused::Error(ApiError::new(StatusCode::FORBIDDEN, "FORM_REFUSED", message)));
    }
    let sent = |name: CookieName| name.read(&app.config, &parts.headers).filter(|cookie| !cookie.is_empty());
    let fits = |name: &CookieName| sent(*name).is_some_and(|cookie| csrf_token(&cookie) == fields.text(TOKEN));
    if let Some(name) = [CookieName::Session, CookieName::Visit].into_iter().find(fits) {
        return Ok(name);
    }
    // If the browser says that the form is from here, what was typed is kept for another try; a password is typed again, and
    // so is the code of a one-time link.
    let has_secret = frame::SECRET_FIELDS.into_iter().chain(["code"]).any(|name| fields.given(name).is_some());
    if origin == RequestOrigin::SameOrigin && !has_secret && !fields.text(TOKEN).is_empty() {
        return Err(Refused::Outdated);
    }
    Err(Refused::Error(form_refused()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestOrigin {
    SameOrigin,
    CrossOrigin,
    Unknown,
}

/// Returns the origin of a request by `Sec-Fetch-Site` and `Origin`, which no page can forge.
pub(super) fn request_origin(config: &Config, headers: &HeaderMap) -> RequestOrigin {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin") => return RequestOrigin::SameOrigin,
        // A reload, or a typed address.
        Some("none") | None => {}
        Some(_) => return RequestOrigin::CrossOrigin,
    }
    let Some(origin) = text("origin") else { return RequestOrigin::Unknown };
    let own = origin.split_once("://").is_some_and(|(_, authority)| text(header::HOST.as_str()) == Some(authority));
    if own || origin == config.origin() { RequestOrigin::SameOrigin } else { RequestOrigin::CrossOrigin }
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

/// Returns the sender of a form and the size limit. The session is looked up for a large form only: the page does so again.
async fn sender(app: &App, parts: &Parts) -> Result<(Sender, usize), ApiError> {
    let is_small = intake::announced(&parts.headers).is_some_and(|length| length <= LARGEST_ANONYMOUS as u64);
    let session = if is_small { None } else { CookieName::Session.read(&app.config, &parts.headers) };
    let caller = match session {
        Some(token) => authenticate_session(app, token.as_bytes()).await?,
        None => None,
    };
    Ok(match caller {
        Some(caller) => (Sender::Group(caller.tenant.id.0), LARGEST),
        None => (Matched::sender(&parts.extensions), LARGEST_ANONYMOUS),
    })
}

fn not_taken(why: NotTaken, sender: Sender) -> ApiError {
    match (why, sender) {
        (NotTaken::TooLarge, Sender::Client(_)) => {
            ApiError::too_large("The form is larger than 8 KiB, and you are not signed in. Sign in, or go back and shorten it.")
        }
        (NotTaken::TooLarge, Sender::Group(_)) => ApiError::too_large("The form is larger than 128 KiB. Go back and shorten it."),
        (NotTaken::Late | NotTaken::Broken, _) => {
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The form did not arrive in time. Send it again.")
        }
        (NotTaken::Busy, _) => {
            ApiError::overloaded("Too many forms are arriving at once, so nothing was changed. Send it again in a moment.")
        }
    }
}
