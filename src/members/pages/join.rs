//! The acceptance of an invitation, by choosing a password.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;

use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::auth;
use crate::auth::password::{self, Weak};
use crate::members::{Error, Member, invitations};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormFaults};
use kit::text::sentence;

pub(super) fn lines() -> Vec<Route<App>> {
    vec![page("/join", "Page of an invitation", new), form("/join", "Accept an invitation", create)]
}

// No Debug: it carries the token of an invitation.
#[derive(Template)]
#[template(path = "members/join.html")]
struct JoinPage {
    title: &'static str,
    token: String,
    code: String,
    faults: FormFaults,
}

impl JoinPage {
    fn new(visitor: &OpenPage, code: &str, faults: FormFaults) -> Self {
        Self { title: "Join your workspace", token: visitor.csrf_token(), code: code.to_owned(), faults }
    }
}

async fn new(visitor: OpenPage) -> Response {
    visitor.show(StatusCode::OK, &JoinPage::new(&visitor, "", FormFaults::default()))
}

async fn create(visitor: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let member = match join(&app, &visitor, &fields).await {
        Ok(member) => member,
        Err((status, faults)) => return Ok(visitor.show(status, &JoinPage::new(&visitor, fields.url_fragment("code"), faults))),
    };
    auth::start_session(&app, &visitor, member, "/settings", "join").await
}

async fn join(app: &App, visitor: &OpenPage, fields: &Fields) -> Result<Member, (StatusCode, FormFaults)> {
    let mut faults = FormFaults::default();
    if fields.url_fragment("code").is_empty() {
        faults.add("code", "Enter the invitation code: open the link again, or paste the code here.");
    }
    let password = SecretString::from(fields.verbatim("password"));
    if !password::has_fitting_length(&password) {
        faults.add("password", sentence(Weak::Length));
    }
    if !faults.is_empty() {
        return Err((StatusCode::BAD_REQUEST, faults));
    }
    let by = |actor| visitor.request().audit_context(actor);
    let joined = invitations::join(app, &app.passwords, fields.url_fragment("code"), password, by).await;
    joined.map_err(|error| {
        let (words, field) = (sentence(&error), field_of(&error));
        let error = ApiError::from(error);
        let whole = || FormFaults::of_whole(error.message.clone());
        (error.status, field.map_or_else(whole, |field| FormFaults::of_field(field, words)))
    })
}

/// Returns the field that an error is about.
fn field_of(error: &Error) -> Option<&'static str> {
    match error {
        Error::Invitation => Some("code"),
        Error::Password(_) => Some("password"),
        _ => None,
    }
}
