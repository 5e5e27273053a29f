//! Signing in and out, and what a member sees of their account.

use askama::Template;
use axum::extract::State;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use super::cookie::Jar;
use super::error::Error;
use super::known::{self, Origin};
use super::service::{self, Attempt, LIFETIME, SignedIn as NewSession};
use crate::access::{Anyone, Form, PageSession, SignOut, SignedIn};
use crate::app::App;
use crate::audit::Actor;
use crate::frame::{Frame, Place};
use crate::members::{Email, Member};
use crate::workspaces;
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, FormFaults, html};
use kit::text::sentence;

/// The pages.
pub fn routes() -> Routes<App> {
    Routes::new(
        "Sessions",
        [
            page("/", "Begin", begin),
            page("/settings", "Begin in the settings", begin),
            page("/sign-in", "Sign-in page", new),
            form("/sign-in", "Sign in", create),
            form("/sign-out", "Sign out", delete),
            page("/settings/account", "Your account", account),
        ],
    )
}

/// To the first place that is open to them.
async fn begin(who: PageSession<SignedIn>) -> Response {
    let first = who.member().and_then(|member| Place::open_to(member.role).next());
    Redirect::to(first.unwrap_or(Place::Account).path()).into_response()
}

#[derive(Template)]
#[template(path = "sessions/sign_in.html")]
struct SignInPage {
    title: &'static str,
    token: String,
    email: String,
    workspace: String,
    next: String,
    notice: Option<&'static str>,
    faults: FormFaults,
}

impl SignInPage {
    fn new(who: &PageSession<Anyone>, fields: &Fields, faults: FormFaults) -> Self {
        let [email, workspace] = ["email", "workspace"].map(|name| fields.text(name).to_owned());
        let notice = match fields.text("after") {
            "sign-out" => Some("You are signed out."),
            "join" => Some("Your password is set. Sign in with it."),
            "removal" => Some("You are no longer a member of that workspace and were signed out."),
            "setup" => Some("The workspace is ready. Sign in with the password that you chose."),
            _ => None,
        };
        Self { title: "Sign in", token: who.token(), email, workspace, next: safe_next(fields).to_owned(), notice, faults }
    }
}

/// Where to go afterwards: a page of the settings, and no other place in the world.
fn safe_next(fields: &Fields) -> &str {
    let next = fields.text("next");
    let is_ours = next == "/settings" || next.starts_with("/settings/") || next.starts_with("/settings?");
    // A browser reads a backslash as a slash, and takes line breaks and tabs out.
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !next.contains("//");
    let path = next.split('?').next().unwrap_or_default();
    // Two dots lead up, escaped or not.
    let is_plain = is_plain && !path.contains("..") && !path.contains('%');
    if is_ours && is_plain && !key_format::may_contain_secret(next) { next } else { "/settings" }
}

async fn new(who: PageSession<Anyone>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    if who.member().is_some() {
        return Ok(Redirect::to(safe_next(&fields)).into_response());
    }
    // Nobody can sign in yet; that page says what to do.
    if !workspaces::any(app.db.read()).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    Ok(who.show(StatusCode::OK, &SignInPage::new(&who, &fields, FormFaults::default())))
}

async fn create(who: PageSession<Anyone>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    match sign_in(&app, &who, &fields).await {
        Ok(session) => welcome(&app, &who, &session, safe_next(&fields)).await,
        Err((error, faults)) => {
            let mut page = who.show(error.status, &SignInPage::new(&who, &fields, faults));
            page.headers_mut().extend(error.retry_after().map(|wait| (RETRY_AFTER, wait)));
            Ok(page)
        }
    }
}

async fn sign_in(app: &App, who: &PageSession<Anyone>, fields: &Fields) -> Result<NewSession, (ApiError, FormFaults)> {
    let email: Email = fields.text("email").parse().map_err(|message: String| {
        let faults = FormFaults::of_field("email", sentence(&message));
        (ApiError::invalid_field("email", message), faults)
    })?;
    let password = SecretString::from(fields.verbatim("password"));
    let request = who.request();
    let origin = Origin { address: request.client_ip(), browser: Some(who.browser()) };
    let attempt = Attempt { email: &email, password, workspace: fields.given("workspace"), origin };
    let signed_in = service::sign_in(app, attempt, |actor| request.audit_context(actor)).await;
    signed_in.map_err(|error| {
        let is_wrong = matches!(error, Error::Credentials);
        let error = ApiError::from(error);
        let message = if is_wrong { "Wrong email or password." } else { &*error.message };
        let faults = FormFaults::of_whole(message);
        (error, faults)
    })
}

/// Signs in whoever has chosen a password in this browser a moment ago: they need not type it again. If no session can be
/// had right now, what they did is done all the same, and the sign-in page says so.
pub(crate) async fn enter(
    app: &App,
    who: &PageSession<Anyone>,
    member: Member,
    next: &str,
    after: &str,
) -> Result<Response, ApiError> {
    let by = who.request().audit_context(Actor::member(member.id, &member.name));
    let origin = Origin { address: who.request().client_ip(), browser: Some(who.browser()) };
    match service::issue_in(app, member, by, &origin).await {
        Ok(session) => welcome(app, who, &session, next).await,
        Err(_) => Ok(Redirect::to(&format!("/sign-in?after={after}")).into_response()),
    }
}

/// The cookie of a new session, and on to `next`. The one it was opened with has done its work, and whoever was signed
/// in here before is not any more.
async fn welcome(app: &App, who: &PageSession<Anyone>, session: &NewSession, next: &str) -> Result<Response, ApiError> {
    if let (Some(member), Some(earlier)) = (who.member(), who.session()) {
        service::sign_out(app, member, earlier, who.by(app)).await?;
    }
    let browser = session.browser.as_ref().and_then(|token| Jar::Browser.keep(&app.config, token.expose(), known::LIFETIME));
    let session = Jar::Session.keep(&app.config, session.token.expose(), LIFETIME);
    let cookies = [session, Jar::Visit.forget(&app.config), browser];
    Ok(with_cookies(Redirect::to(next), cookies))
}

/// To the sign-in page, which says what came `after`, without the cookie of a session that is over.
pub(crate) fn farewell(app: &App, after: &str) -> Response {
    with_cookies(Redirect::to(&format!("/sign-in?after={after}")), [Jar::Session.forget(&app.config)])
}

fn with_cookies(answer: impl IntoResponse, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let mut response = answer.into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn delete(who: PageSession<SignOut>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    if let (Some(member), Some(session)) = (who.member(), who.session()) {
        service::sign_out(&app, member, session, who.by(&app)).await?;
    }
    Ok(farewell(&app, "sign-out"))
}

#[derive(Template)]
#[template(path = "sessions/account.html")]
struct AccountPage {
    frame: Frame,
    member: Member,
    has_new_role: bool,
}

async fn account(who: PageSession<SignedIn>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let member = who.member().cloned().ok_or_else(ApiError::internal)?;
    let has_new_role = fields.is("after", "role");
    Ok(html(&AccountPage { frame: who.frame(&app, "Your account", Place::Account), member, has_new_role }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_the_settings_and_nowhere_else() {
        for ours in ["/settings", "/settings/api-keys?status=active&page=2", "/settings/audit-log"] {
            assert_eq!(safe_next(&Fields::from([("next", ours)])), ours);
        }
        let elsewhere = [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/settings\\..\\..",
            "/settings//evil.example",
            "/settings/../sign-out",
            "/settingsevil",
            "javascript:alert(1)",
            "/settings\t/x",
            "/docs",
            "/settings/%2e%2e/docs",
        ];
        for elsewhere in elsewhere {
            assert_eq!(safe_next(&Fields::from([("next", elsewhere)])), "/settings", "{elsewhere}");
        }
    }
}
