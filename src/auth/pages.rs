//! The pages that sign in and out. That of the second step is `second_step`.

mod second_step;

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use super::error::Error;
use super::factors::Challenge;
use super::known_callers::{self, Origin};
use super::passkeys::{self, PasskeyAttempt, RelyingParty};
use super::reauthenticate;
use super::sign_in::{self, Attempt, SignedIn as NewSession};
use crate::access::{Form, Identity, OpenPage, PageSession, SignOut, SignedIn};
use crate::app::App;
use crate::audit::Actor;
use crate::frame::MenuEntry;
use crate::mail;
use crate::members::{Email, Member};
use crate::security::{self, FactorSetup};
use crate::sessions::{self, CookieName};
use crate::workspaces;
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, FormErrors};
use kit::text::sentence;

pub fn routes() -> Routes<App> {
    let own = vec![
        page("/settings", "Begin in the settings", start_page),
        page("/sign-in", "Sign-in page", new),
        form("/sign-in", "Sign in", create),
        page("/sign-in/passkey", "Sign-in page, where a passkey was refused", moved),
        form("/sign-in/passkey", "Sign in with a passkey", create_by_passkey),
        form("/sign-out", "Sign out", delete),
    ];
    Routes::new("Sessions", [own, reauthenticate::pages::routes(), second_step::routes()].concat())
}

/// Redirects to the first entry under Settings that is open to the person.
async fn start_page(who: PageSession<SignedIn>) -> Response {
    let first = MenuEntry::settings_of(who.member().role).next().unwrap_or(MenuEntry::Account);
    Redirect::to(first.path()).into_response()
}

#[derive(Template)]
#[template(path = "sessions/sign_in.html")]
struct SignInPage {
    title: &'static str,
    token: String,
    email: String,
    workspace: String,
    next: String,
    /// True if the public URL can have passkeys.
    has_passkeys: bool,
    public_url: String,
    notice: Option<&'static str>,
    sends_mail: bool,
    faults: FormErrors,
}

impl SignInPage {
    fn new(app: &App, open_page: &OpenPage, fields: &Fields, faults: FormErrors) -> Self {
        let [email, workspace] = ["email", "workspace"].map(|name| fields.text(name).to_owned());
        let notice = match fields.text("after") {
            "sign-out" => Some("You are signed out."),
            "join" => Some("Your password is set. Sign in with it."),
            "reset" => Some("Your new password is set. Sign in with it."),
            "everyone" => Some("Everyone was signed out. No node accepts the sessions from before."),
            "everyone-and-keys" => {
                Some("Everyone was signed out and all API keys were revoked. No node accepts the sessions and keys from before.")
            }
            "removal" => Some("You are no longer a member of that workspace and were signed out."),
            "challenge" => Some("The second step took too long, or had too many wrong codes. Sign in again."),
            "setup" => Some("The workspace is ready. Sign in with the password that you chose."),
            _ => None,
        };
        let (token, next) = (open_page.csrf_token(), safe_next(fields).to_owned());
        let (has_passkeys, public_url) = (RelyingParty::of(&app.config).is_ok(), app.config.public_url.clone());
        Self {
            title: "Sign in",
            token,
            email,
            workspace,
            next,
            has_passkeys,
            public_url,
            notice,
            sends_mail: mail::is_on(app),
            faults,
        }
    }

    fn show(&self, open_page: &OpenPage, status: StatusCode) -> Response {
        open_page.show(status, self)
    }
}

/// The pages that a sign-in may lead to, with those below them.
const OWN_PAGES: [&str; 8] = ["/settings", "/account", "/findings", "/trips", "/fleet", "/safety", "/invoices", "/docs"];

/// The path below them that answers scripts of a page only.
const FOR_SCRIPTS: &str = "/docs/try";

/// Returns the path to go to after the sign-in: a page of this site, never another site (open redirect). By default Home.
pub(crate) fn safe_next(fields: &Fields) -> &str {
    let next = fields.text("next");
    let is_at = |page| next.strip_prefix(page).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_ours = OWN_PAGES.into_iter().any(is_at) || next == "/" || next.starts_with("/?");
    // Browsers read a backslash as a slash, and remove line breaks and tabs.
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !next.contains("//");
    let path = next.split(['?', '#']).next().unwrap_or_default();
    // Two dots lead up, percent-encoded or not.
    let is_plain = is_plain && !path.contains("..") && !path.contains('%');
    let is_ours = is_ours && path != FOR_SCRIPTS;
    if is_ours && is_plain && !key_format::may_contain_secret(next) { next } else { "/" }
}

async fn new(open_page: OpenPage, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    if open_page.signed_in().is_some() {
        return Ok(Redirect::to(safe_next(&fields)).into_response());
    }
    if !workspaces::any(app.db.read()).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    Ok(SignInPage::new(&app, &open_page, &fields, FormErrors::default()).show(&open_page, StatusCode::OK))
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    match sign_in(&app, &open_page, &fields).await {
        Ok(session) => redirect_signed_in(&app, &open_page, &session, safe_next(&fields)).await,
        Err(Refused::SecondStep(challenge)) => Ok(second_step::redirect(&app, &challenge, safe_next(&fields))),
        Err(Refused::Faults(error, faults)) => {
            let page = SignInPage::new(&app, &open_page, &fields, faults);
            Ok(error.with_retry_after(page.show(&open_page, error.status)))
        }
    }
}

/// The reason why a form did not open a session.
enum Refused {
    SecondStep(Box<Challenge>),
    Faults(ApiError, FormErrors),
}

async fn sign_in(app: &App, open_page: &OpenPage, fields: &Fields) -> Result<NewSession, Refused> {
    let email = Email::parse_known(fields.text("email")).map_err(|message| {
        let faults = FormErrors::of_field("email", sentence(&message));
        Refused::Faults(ApiError::invalid_field("email", message), faults)
    })?;
    let password = SecretString::from(fields.verbatim("password"));
    let attempt = Attempt { email: &email, password, workspace: fields.given("workspace"), origin: origin(open_page) };
    let context = |actor| open_page.request().audit_context(actor);
    let signed_in = sign_in::sign_in(app, &app.passwords, &app.sign_ins, attempt, context).await;
    signed_in.map_err(|error| {
        let error = match error {
            Error::SecondStep(challenge) => return Refused::SecondStep(challenge),
            error => error,
        };
        let is_wrong = matches!(error, Error::Credentials);
        let error = ApiError::from(error);
        let message = if is_wrong { "Wrong email or password." } else { &*error.message };
        let faults = FormErrors::of_whole(message);
        Refused::Faults(error, faults)
    })
}

/// Redirects to the sign-in page, from the address of a form that is opened.
async fn moved(_: OpenPage) -> Response {
    Redirect::to("/sign-in").into_response()
}

async fn create_by_passkey(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let credential = serde_json::from_str(fields.verbatim("credential")).unwrap_or_default();
    let attempt = PasskeyAttempt { ceremony: fields.verbatim("ceremony"), credential, origin: origin(&open_page) };
    let context = |actor| open_page.request().audit_context(actor);
    match passkeys::sign_in(&app, &app.sign_ins, attempt, context).await {
        Ok(session) => redirect_signed_in(&app, &open_page, &session, safe_next(&fields)).await,
        Err(error) => {
            let message = sentence(&error);
            let error = ApiError::from(error);
            let message = if error.retry_after().is_some() { error.message.to_string() } else { message };
            let page = SignInPage::new(&app, &open_page, &fields, FormErrors::of_whole(message));
            Ok(error.with_retry_after(page.show(&open_page, error.status)))
        }
    }
}

pub(super) fn origin(open_page: &OpenPage) -> Origin {
    Origin { address: open_page.request().client_ip(), browser: Some(open_page.browser()) }
}

/// Starts a session for a member who has just chosen a password in this browser, so that it need not be typed again. If the
/// session cannot be opened, redirects to the sign-in page, which says what came `after`: the password is set all the same.
pub(crate) async fn start_session(
    app: &App,
    open_page: &OpenPage,
    member: Member,
    next: &str,
    after: &str,
) -> Result<Response, ApiError> {
    let context = open_page.request().audit_context(Actor::member(member.id, &member.name));
    match sign_in::open_session(app, member, context, Some(&origin(open_page))).await {
        Ok(session) => redirect_signed_in(app, open_page, &session, next).await,
        Err(_) => Ok(Redirect::to(&format!("/sign-in?after={after}")).into_response()),
    }
}

/// Sets the cookies of a new session and redirects to `next`. The session that the browser had before ends, and so does the
/// visit cookie of the sign-in form.
pub(super) async fn redirect_signed_in(
    app: &App,
    open_page: &OpenPage,
    session: &NewSession,
    next: &str,
) -> Result<Response, ApiError> {
    if let Some(earlier) = open_page.signed_in() {
        let context = earlier.audit_context(app, open_page.request());
        sessions::end(app, &earlier.session, context).await?;
    }
    let browser = session.browser.as_ref();
    let browser = browser.and_then(|token| CookieName::Browser.keep(&app.config, token.expose(), known_callers::LIFETIME));
    let age = session.expires_at.since(app.clock.now());
    let session_cookie = CookieName::Session.keep(&app.config, session.token.expose(), age);
    let challenge = open_page.challenge().and_then(|_| CookieName::Challenge.forget(&app.config));
    let cookies = [session_cookie, CookieName::Visit.forget(&app.config), browser, challenge];
    let next = match session.factor_setup {
        FactorSetup::Recommended => security::recommendation(next),
        FactorSetup::NotNeeded | FactorSetup::RequiredFrom(_) | FactorSetup::Required => next.to_owned(),
    };
    Ok(with_cookies(Redirect::to(&next), cookies))
}

/// Redirects to the sign-in page, which says what came `after`, and deletes the session cookie.
pub(crate) fn redirect_signed_out(app: &App, after: &str) -> Response {
    with_cookies(Redirect::to(&format!("/sign-in?after={after}")), [CookieName::Session.forget(&app.config)])
}

pub(super) fn with_cookies(response: impl IntoResponse, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let mut response = response.into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn delete(who: PageSession<SignOut>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    sessions::end(&app, &who.caller().session, who.audit_context(&app)).await?;
    Ok(redirect_signed_out(&app, "sign-out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_redirects_to_own_pages_only() {
        for ours in [
            "/",
            "/?range=7d",
            "/settings",
            "/settings/api-keys?status=active&page=2",
            "/settings/audit-log",
            "/account",
            "/account?after=name",
            "/trips?status=draft",
            "/safety/new",
            "/docs",
            "/docs/api/list-trips#try-it",
            "/docs/tryout",
        ] {
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
            "/accounts",
            "javascript:alert(1)",
            "/settings\t/x",
            "/docsevil",
            "/settings/%2e%2e/docs",
            "/docs/try",
            "/docs/try?call=/api/v1/ops/trips",
            "/docs/try#try-it",
        ];
        for elsewhere in elsewhere {
            assert_eq!(safe_next(&Fields::from([("next", elsewhere)])), "/", "{elsewhere}");
        }
    }
}
