//! The acceptance of an invitation: its code, which the link fills in, then what it invites to and a password.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;

use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::auth;
use crate::auth::password::{self, Weak};
use crate::members::invitations::{InvitationState, InvitationView};
use crate::members::{Error, Member, invitations};
use crate::security;
use kit::clock::Time;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormErrors, Moments};
use kit::text::sentence;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/join", "Page of an invitation", new), form("/join", "Open or accept an invitation", create)]
}

/// The form of the code, which a browser with JavaScript sends at once.
// No Debug: it carries the token of an invitation, as do the other pages.
#[derive(Template)]
#[template(path = "members/join_code.html")]
struct CodePage {
    title: &'static str,
    token: String,
    code: String,
    faults: FormErrors,
}

/// The form of the password, with what the invitation is for.
#[derive(Template)]
#[template(path = "members/join.html")]
struct JoinPage {
    title: String,
    token: String,
    code: String,
    invitation: InvitationView,
    until: Time,
    at: Moments,
    /// The shortest password, in characters.
    min_length: usize,
    /// The member whose session in this browser will end.
    signed_in: Option<String>,
    faults: FormErrors,
}

/// The page of an invitation that cannot be accepted any more.
#[derive(Template)]
#[template(path = "members/join_ended.html")]
struct EndedPage {
    title: &'static str,
    invitation: InvitationView,
    at: Moments,
}

impl CodePage {
    fn new(open_page: &OpenPage, code: &str, faults: FormErrors) -> Self {
        Self { title: "Join your workspace", token: open_page.csrf_token(), code: code.to_owned(), faults }
    }
}

async fn new(open_page: OpenPage) -> Response {
    open_page.show(StatusCode::OK, &CodePage::new(&open_page, "", FormErrors::default()))
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let code = fields.url_fragment("code");
    if code.is_empty() {
        let faults = FormErrors::of_field("code", "Enter the invitation code: open the link again, or paste the link here.");
        return Ok(open_page.show(StatusCode::BAD_REQUEST, &CodePage::new(&open_page, "", faults)));
    }
    if !fields.has("password") {
        return show(&app, &open_page, code, StatusCode::OK, FormErrors::default()).await;
    }
    match join(&app, &open_page, &fields, code).await {
        Ok(member) => auth::start_session(&app, &open_page, member, "/", "join").await,
        Err((status, faults)) => show(&app, &open_page, code, status, faults).await,
    }
}

/// Shows the invitation of a code, with the form to accept it unless it has ended.
async fn show(app: &App, open_page: &OpenPage, code: &str, status: StatusCode, faults: FormErrors) -> Result<Response, ApiError> {
    let Some(invitation) = invitations::view(app, code).await? else {
        let message = "This invitation link does not work. Check that it is complete. If it is, ask the administrator who sent it for a new one: a newer link ends the one before, and so does withdrawing the invitation.";
        return Ok(open_page.show(StatusCode::GONE, &CodePage::new(open_page, code, FormErrors::of_field("code", message))));
    };
    let at = Moments::new(app.clock.now(), &invitation.workspace.timezone);
    let title = match invitation.state {
        InvitationState::Open(until) => {
            let page = JoinPage {
                title: format!("Join {}", invitation.workspace.name),
                token: open_page.csrf_token(),
                code: code.to_owned(),
                until,
                at,
                min_length: security::min_password_length(app.db.read(), &invitation.member).await?,
                signed_in: open_page.signed_in().map(|caller| caller.member().name.clone()),
                invitation,
                faults,
            };
            return Ok(open_page.show(status, &page));
        }
        InvitationState::Used => "This invitation was already used",
        InvitationState::Expired(_) => "This invitation has expired",
        InvitationState::Withdrawn => "This invitation was withdrawn",
    };
    Ok(open_page.show(StatusCode::GONE, &EndedPage { title, invitation, at }))
}

async fn join(app: &App, open_page: &OpenPage, fields: &Fields, code: &str) -> Result<Member, (StatusCode, FormErrors)> {
    let password = SecretString::from(fields.verbatim("password"));
    if !password::has_fitting_length(&password) {
        return Err((StatusCode::BAD_REQUEST, FormErrors::of_field("password", sentence(Weak::Length(password::MIN_LENGTH)))));
    }
    let context = |actor| open_page.request().audit_context(actor);
    let joined = invitations::join(app, &app.passwords, code, password, context).await;
    joined.map_err(|error| {
        let is_of_password = matches!(error, Error::Password(_));
        let words = sentence(&error);
        let error = ApiError::from(error);
        let faults =
            if is_of_password { FormErrors::of_field("password", words) } else { FormErrors::of_whole(error.message.clone()) };
        (error.status, faults)
    })
}
