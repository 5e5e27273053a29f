//! The page that sets up the first workspace, by the link that `serve` prints on an empty database.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;

use super::error::Error;
use super::model::{CreateWorkspace, Owner, Slug, zones};
use super::setup::{self, SetupState};
use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::audit::Actor;
use crate::auth;
use crate::auth::password::{MIN_LENGTH, Weak, has_fitting_length};
use crate::members::{self, Member};
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::{Fields, FormErrors};
use kit::text::sentence;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Workspaces",
        [page("/setup", "Page that sets up the first workspace", new), form("/setup", "Set up the first workspace", create)],
    )
}

// No Debug: it carries the token of a link.
#[derive(Template)]
#[template(path = "workspaces/setup.html")]
struct SetupPage {
    title: &'static str,
    state: SetupState,
    /// True if only the code is asked for: the form follows once it is known to be valid.
    asks_for_code: bool,
    token: String,
    fields: Fields,
    zones: Vec<String>,
    faults: FormErrors,
}

impl SetupPage {
    fn new(open_page: &OpenPage, state: SetupState, fields: Fields, faults: FormErrors) -> Self {
        let title = match state {
            SetupState::Done => "Already set up",
            SetupState::Offered | SetupState::Expired => "Set up your workspace",
        };
        let asks_for_code = !fields.has("password");
        Self { title, state, asks_for_code, token: open_page.csrf_token(), fields, zones: zones(), faults }
    }

    fn chosen_zone(&self) -> &str {
        self.fields.given("timezone").unwrap_or("UTC")
    }
}

async fn new(open_page: OpenPage, State(app): State<App>) -> Result<Response, ApiError> {
    let state = setup::state(&app).await?;
    Ok(open_page.show(StatusCode::OK, &SetupPage::new(&open_page, state, Fields::default(), FormErrors::default())))
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    if !fields.has("password") {
        return open(&app, &open_page, &fields).await;
    }
    let owner = match set_up(&app, &open_page, &fields).await {
        Ok(owner) => owner,
        Err(Refused::Form(status, faults)) => {
            // Another set-up may have been faster, or the last link may have expired: then the form cannot be corrected.
            let state = setup::state(&app).await?;
            return Ok(open_page.show(status, &SetupPage::new(&open_page, state, fields, faults)));
        }
        Err(Refused::Other(error)) => return Err(error),
    };
    auth::start_session(&app, &open_page, owner, "/settings/api-keys?after=setup", "setup").await
}

/// Shows the form of the workspace if the code is valid.
async fn open(app: &App, open_page: &OpenPage, fields: &Fields) -> Result<Response, ApiError> {
    let code = fields.url_fragment("code");
    let mut faults = FormErrors::default();
    let (status, fields) = if code.is_empty() {
        faults.add("code", CODE_MISSING);
        (StatusCode::BAD_REQUEST, fields.clone())
    } else if setup::is_valid(app, code).await? {
        (StatusCode::OK, Fields::from([("code", code), ("password", "")]))
    } else {
        faults.add("code", CODE_INVALID);
        (StatusCode::GONE, fields.clone())
    };
    // After the check: a set-up that was faster has deleted the link.
    let state = setup::state(app).await?;
    Ok(open_page.show(status, &SetupPage::new(open_page, state, fields, faults)))
}

const CODE_INVALID: &str =
    "This set-up link is unknown, already used, or older than 24 hours. Ask the operator of this server for a new one.";

const CODE_MISSING: &str = "Enter the set-up code: open the link that the server printed, or paste the link here.";

enum Refused {
    Form(StatusCode, FormErrors),
    Other(ApiError),
}

async fn set_up(app: &App, open_page: &OpenPage, fields: &Fields) -> Result<Member, Refused> {
    let input = read(fields).map_err(|faults| Refused::Form(StatusCode::BAD_REQUEST, faults))?;
    // The link is printed for the operator of the server.
    let context = open_page.request().audit_context(Actor::set_up_link());
    let (_, owner) = setup::set_up(app, context, fields.url_fragment("code"), input).await.map_err(refused)?;
    Ok(owner)
}

fn refused(error: Error) -> Refused {
    let at = |status, field| move |error: Error| Refused::Form(status, FormErrors::of_field(field, sentence(error)));
    match error {
        Error::SetupLink => Refused::Form(StatusCode::GONE, FormErrors::of_field("code", CODE_INVALID)),
        Error::SlugTaken(_) => at(StatusCode::CONFLICT, "slug")(error),
        Error::AlreadySetUp => Refused::Form(StatusCode::CONFLICT, FormErrors::default()),
        Error::Member(error @ members::Error::Password(_)) => at(StatusCode::BAD_REQUEST, "password")(error.into()),
        Error::Member(error @ members::Error::Busy) => {
            let error = ApiError::from(error);
            Refused::Form(error.status, FormErrors::of_whole(error.message.clone()))
        }
        Error::Member(error) => Refused::Other(error.into()),
        Error::Denied(refusal) => Refused::Other(refusal.into()),
        Error::Db(error) => Refused::Other(error.into()),
    }
}

/// Reads the form, or returns every fault in the order of the fields.
fn read(fields: &Fields) -> Result<CreateWorkspace, FormErrors> {
    let mut faults = FormErrors::default();
    if fields.url_fragment("code").is_empty() {
        faults.add("code", CODE_MISSING);
    }
    let name = faults.read(fields, "name", "a name for the workspace");
    let slug = match fields.given("slug") {
        Some(_) => faults.read(fields, "slug", "a short name"),
        None => derived_slug(fields, &mut faults),
    };
    let timezone = faults.read(&fields.with("timezone", fields.given("timezone").unwrap_or("UTC")), "timezone", "a time zone");
    let owner_name = faults.read(fields, "owner_name", "your name");
    let email = faults.read(fields, "email", "the email address that you sign in with");
    let password = SecretString::from(fields.verbatim("password"));
    if !has_fitting_length(&password) {
        faults.add("password", sentence(Weak::Length(MIN_LENGTH)));
    }
    match (name, slug, timezone, owner_name, email) {
        (Some(name), Some(slug), Some(timezone), Some(owner_name), Some(email)) if faults.is_empty() => {
            Ok(CreateWorkspace { name, slug, timezone, owner: Owner { email, name: owner_name, password } })
        }
        _ => Err(faults),
    }
}

/// Derives the short name from the name, if possible.
fn derived_slug(fields: &Fields, faults: &mut FormErrors) -> Option<Slug> {
    let slug = Slug::from_name(fields.text("name"));
    if slug.is_none() && fields.given("name").is_some() {
        faults.add("slug", "Enter a short name. It cannot be derived from this name.");
    }
    slug
}
