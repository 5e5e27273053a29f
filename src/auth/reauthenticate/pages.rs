//! The page on which a person proves again who they are before another page opens, or before a download starts.
//!
//! Forms need it not: the CSRF middleware shows the page in between for them (`access::confirm`).

use askama::Template;
use axum::extract::State;
use axum::http::header::REFRESH;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::{own_methods, start_by_passkey};
use crate::access::{Form, PageSession, RecentlySignedIn, SignedIn};
use crate::app::App;
use crate::auth::pages::safe_next;
use crate::frame::{self, ConfirmForm, Frame, MenuEntry, PasskeyPrompt};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Asked, Fields, FormErrors, html_with};

const PATH: &str = "/reauthenticate";

/// The pages that a browser stores as a file, so that they never take the place of another page.
const DOWNLOADS: [(&str, &str); 1] = [("/settings/audit-log/export", "/settings/audit-log")];

pub(in crate::auth) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page to authenticate again", show), form(PATH, "Authenticate again", proved)]
}

#[derive(Template)]
#[template(path = "sessions/confirmed.html")]
struct ConfirmedPage<'a> {
    frame: Frame,
    /// The download.
    next: &'a str,
    /// The page that leads to it.
    back: &'static str,
}

async fn show(who: PageSession<SignedIn>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let next = safe_next(&fields);
    if who.is_recent(&app) {
        return Ok(go_on(&app, &who, next));
    }
    let methods = own_methods(app.db.read(), who.member()).await?;
    let fields = Fields::from([("next", next)]);
    let started = start_by_passkey(&app, who.session(), &methods).await;
    let passkey = started.map(|started| PasskeyPrompt::new(&app.config, started.token.expose(), &started.options));
    let form = ConfirmForm { path: PATH, fields: &fields, methods: &methods, passkey, faults: FormErrors::default() };
    Ok(frame::confirm_identity(&app, who.signed_in_member(), form, StatusCode::OK))
}

/// Leads to the page that asked for the proof, which the middleware has verified.
async fn proved(_: PageSession<RecentlySignedIn>, Form { fields, .. }: Form) -> Response {
    let next = safe_next(&fields);
    if back_from(next).is_some() {
        return Redirect::to(&format!("{PATH}{}", Fields::from([("next", next)]).to_query())).into_response();
    }
    Redirect::to(next).into_response()
}

fn go_on(app: &App, who: &PageSession<SignedIn>, next: &str) -> Response {
    let Some(back) = back_from(next) else { return Redirect::to(next).into_response() };
    let frame = who.frame(app, "Identity confirmed", MenuEntry::AuditLog);
    let mut response = html_with(StatusCode::OK, &ConfirmedPage { frame, next, back });
    let refresh = HeaderValue::from_str(&format!("0; url={next}")).ok();
    response.headers_mut().extend(refresh.map(|refresh| (REFRESH, refresh)));
    response
}

/// Returns the page that leads to a download; `None` if `next` is a page.
fn back_from(next: &str) -> Option<&'static str> {
    let path = next.split('?').next().unwrap_or_default();
    DOWNLOADS.into_iter().find(|(download, _)| *download == path).map(|(_, back)| back)
}
