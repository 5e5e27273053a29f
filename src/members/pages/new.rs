//! The form of an invitation.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::acting::{acting, inviter};
use super::link;
use crate::access::{Form, ManageMembers, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::mail;
use crate::members::{AddMember, Error, Role, invitations};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/members/new";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of an invitation", new), form(PATH, "Invite the member of the form", create)]
}

#[derive(Template)]
#[template(path = "members/new.html")]
struct NewPage {
    frame: Frame,
    fields: Fields,
    faults: FormErrors,
    idempotency_key: String,
    roles: Vec<Role>,
    sends_mail: bool,
}

impl NewPage {
    fn new(app: &App, who: &PageSession<ManageMembers>, fields: Fields, faults: FormErrors) -> Self {
        Self {
            frame: who.frame(app, "Invite member", MenuEntry::Members),
            // One opened form invites one person, however often it is corrected and sent.
            idempotency_key: fields.given("idempotency_key").map_or_else(|| app.random.base62(22), str::to_owned),
            sends_mail: mail::is_on(app),
            roles: acting(who).may_give().collect(),
            fields,
            faults,
        }
    }
}

async fn new(who: PageSession<ManageMembers>, State(app): State<App>) -> Response {
    html_with(StatusCode::OK, &NewPage::new(&app, &who, Fields::default(), FormErrors::default()))
}

async fn create(who: PageSession<ManageMembers>, State(app): State<App>, form: Form) -> Result<Response, ApiError> {
    let again = |status, faults| Ok(html_with(status, &NewPage::new(&app, &who, form.fields.clone(), faults)));
    let input = match read(&form.fields) {
        Ok(input) => input,
        Err(faults) => return again(StatusCode::BAD_REQUEST, faults),
    };
    match invitations::invite(&app, who.workspace(), who.audit_context(&app), inviter(&app, &who), input, form.idempotency_key())
        .await
    {
        Ok(invitation) => Ok(link::show_once(&app, &who, &invitation)),
        Err(error @ Error::EmailTaken(_)) => again(StatusCode::CONFLICT, FormErrors::of_field("email", sentence(error))),
        Err(error @ Error::Quota(_)) => again(StatusCode::CONFLICT, FormErrors::of_whole(sentence(error))),
        Err(error @ Error::OwnerRequired) => again(StatusCode::FORBIDDEN, FormErrors::of_field("role", sentence(error))),
        Err(Error::RecentProofRequired) => Err(who.reauthentication_required(&app).await),
        Err(error) => Err(error.into()),
    }
}

/// Reads the form as the input of a call, or returns every fault.
fn read(fields: &Fields) -> Result<AddMember, FormErrors> {
    let mut faults = FormErrors::default();
    let name = faults.read(fields, "name", "the person's name");
    let email = faults.read(fields, "email", "the email address that the person signs in with");
    let role = Role::parse(fields.text("role"));
    if role.is_none() {
        faults.add("role", "Choose a role.");
    }
    let (Some(name), Some(email), Some(role)) = (name, email, role) else { return Err(faults) };
    Ok(AddMember { name, email, role })
}
