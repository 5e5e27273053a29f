//! Where an invitation leads: a password, and in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;

use crate::access::{Anyone, Form, PageSession};
use crate::app::App;
use crate::members::{Error, Member, Weak, invitations, password};
use crate::sessions;
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
    fn new(who: &PageSession<Anyone>, code: &str, faults: FormFaults) -> Self {
        Self { title: "Join your workspace", token: who.token(), code: code.to_owned(), faults }
    }
}

async fn new(who: PageSession<Anyone>) -> Response {
    who.show(StatusCode::OK, &JoinPage::new(&who, "", FormFaults::default()))
}

async fn create(who: PageSession<Anyone>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let member = match join(&app, &who, &fields).await {
        Ok(member) => member,
        Err((status, faults)) => return Ok(who.show(status, &JoinPage::new(&who, fields.url_fragment("code"), faults))),
    };
    sessions::enter(&app, &who, member, "/settings", "join").await
}

async fn join(app: &App, who: &PageSession<Anyone>, fields: &Fields) -> Result<Member, (StatusCode, FormFaults)> {
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
    invitations::join(app, fields.url_fragment("code"), password, |actor| who.request().audit_context(actor)).await.map_err(
        |error| {
            let (words, field) = (sentence(&error), field_of(&error));
            let error = ApiError::from(error);
            let whole = || FormFaults::of_whole(error.message.clone());
            (error.status, field.map_or_else(whole, |field| FormFaults::of_field(field, words)))
        },
    )
}

/// The field that an error is about.
fn field_of(error: &Error) -> Option<&'static str> {
    match error {
        Error::Invitation => Some("code"),
        Error::Password(_) => Some("password"),
        _ => None,
    }
}
