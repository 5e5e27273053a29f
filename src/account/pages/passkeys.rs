//! The section of the passkeys, and its forms. They need JavaScript: only a script can ask the browser for a passkey.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::AccountPage;
use super::redirects::{back, moved};
use crate::access::{Form, PageSession, Permission, RecentlySignedIn, SignedIn};
use crate::app::App;
use crate::auth::passkeys::{self, Error, MAX_PASSKEYS, NewPasskey, Passkey, PasskeyId, RelyingParty};
use crate::frame::{Frame, MenuEntry};
use crate::security;
use kit::db::DbResult;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route, user_agent};
use kit::page::{FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/account/passkeys";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Passkeys", moved),
        form(PATH, "Add a passkey", add),
        page("/account/passkeys/new", "Form of a new passkey", moved),
        form("/account/passkeys/new", "Start the registration of a passkey", new),
        page("/account/passkeys/{id}", "Form of a passkey's name", edit),
        form("/account/passkeys/{id}", "Rename a passkey", rename),
        form("/account/passkeys/{id}/remove", "Remove a passkey", remove),
    ]
}

/// The content of the section.
pub(super) struct Section {
    pub(super) rows: Vec<Passkey>,
    /// The host that passkeys are made for; `None` if there can be none.
    rp_id: Option<String>,
    /// The reason why there can be no passkeys.
    pub(super) unavailable: Option<String>,
    /// The name in the form.
    pub(super) name: String,
}

impl Section {
    pub(super) async fn new<P: Permission>(app: &App, who: &PageSession<P>) -> DbResult<Self> {
        let party = RelyingParty::of(&app.config);
        let is_allowed = security::policy_of(app.db.read(), who.member().workspace).await?.settings.passkeys_allowed;
        let forbidden = (!is_allowed).then(|| sentence(Error::NotAllowed));
        let program = who.request().user_agent().and_then(|program| user_agent::describe(&program));
        Ok(Self {
            rows: passkeys::list_of(app.db.read(), who.member()).await?,
            rp_id: party.as_ref().ok().map(|party| party.id().to_owned()),
            unavailable: party.err().map(sentence).or(forbidden),
            name: program.unwrap_or_default(),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() as u64 >= MAX_PASSKEYS
    }

    /// Returns true if a passkey of this host cannot be used any more, because the public URL has another one.
    pub(super) fn is_unusable(&self, rp_id: &str) -> bool {
        self.rp_id.as_deref() != Some(rp_id)
    }
}

/// The page on which the browser makes a passkey.
#[derive(Template)]
#[template(path = "account/new_passkey.html")]
struct NewPasskeyPage {
    frame: Frame,
    name: String,
    ceremony: String,
    options: Value,
    public_url: String,
}

async fn new(
    who: PageSession<RecentlySignedIn>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let mut faults = FormErrors::default();
    let Some(name) = faults.read(&fields, "passkey_name", "a name") else {
        return show(&app, &who, (StatusCode::BAD_REQUEST, faults), fields.verbatim("passkey_name")).await;
    };
    let name: passkeys::PasskeyName = name;
    match passkeys::start_registration(&app, who.session()).await {
        Ok(started) => Ok(html_with(
            StatusCode::OK,
            &NewPasskeyPage {
                frame: who.frame(&app, "Add a passkey", MenuEntry::Account),
                name: name.into_string(),
                ceremony: started.token.expose().to_owned(),
                options: started.options,
                public_url: app.config.public_url.clone(),
            },
        )),
        Err(error) => refused(&app, &who, error, name.as_str()).await,
    }
}

// The ceremony was started after a recent proof, in this session, and lives for five minutes.
async fn add(who: PageSession<SignedIn>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let mut faults = FormErrors::default();
    let Some(name) = faults.read::<passkeys::PasskeyName>(&fields, "passkey_name", "a name") else {
        return show(&app, &who, (StatusCode::BAD_REQUEST, faults), fields.verbatim("passkey_name")).await;
    };
    let credential = serde_json::from_str(fields.verbatim("credential")).unwrap_or_default();
    let new = NewPasskey { ceremony: fields.verbatim("ceremony"), name: name.clone(), credential };
    match passkeys::finish_registration(&app, who.session(), new, who.audit_context(&app)).await {
        Ok(_) => Ok(back("passkey")),
        Err(error) => refused(&app, &who, error, name.as_str()).await,
    }
}

/// Shows the account again, with the reason why no passkey was added.
async fn refused<P: Permission>(app: &App, who: &PageSession<P>, error: Error, name: &str) -> Result<Response, ApiError> {
    let message = sentence(&error);
    let error = ApiError::from(error);
    if error.status.is_server_error() {
        return Err(error);
    }
    show(app, who, (error.status, FormErrors::of_whole(message)), name).await
}

async fn show<P: Permission>(
    app: &App,
    who: &PageSession<P>,
    (status, faults): (StatusCode, FormErrors),
    name: &str,
) -> Result<Response, ApiError> {
    let mut page = AccountPage::new(app, who, faults).await?;
    name.clone_into(&mut page.passkeys.name);
    Ok(html_with(status, &page))
}

/// The page of a passkey's name.
#[derive(Template)]
#[template(path = "account/passkey.html")]
struct PasskeyPage {
    frame: Frame,
    passkey: Passkey,
    /// The name in the form.
    name: String,
    faults: FormErrors,
}

async fn edit(who: PageSession<SignedIn>, State(app): State<App>, Path(id): Path<PasskeyId>) -> Result<Response, ApiError> {
    let passkey = passkeys::find(app.db.read(), who.member(), id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(&app, "Rename a passkey", MenuEntry::Account);
    let name = passkey.name.clone();
    Ok(html_with(StatusCode::OK, &PasskeyPage { frame, passkey, name, faults: FormErrors::default() }))
}

async fn rename(
    who: PageSession<SignedIn>,
    State(app): State<App>,
    Path(id): Path<PasskeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let mut faults = FormErrors::default();
    let Some(name) = faults.read(&fields, "passkey_name", "a name") else {
        let passkey = passkeys::find(app.db.read(), who.member(), id).await?.ok_or(Error::NotFound)?;
        let frame = who.frame(&app, "Rename a passkey", MenuEntry::Account);
        let name = fields.verbatim("passkey_name").to_owned();
        return Ok(html_with(StatusCode::BAD_REQUEST, &PasskeyPage { frame, passkey, name, faults }));
    };
    passkeys::rename(&app, who.member(), id, name, who.audit_context(&app)).await?;
    Ok(back("passkey-name"))
}

async fn remove(
    who: PageSession<RecentlySignedIn>,
    State(app): State<App>,
    Path(id): Path<PasskeyId>,
    _: Form,
) -> Result<Response, ApiError> {
    match passkeys::remove(&app, who.member(), id, who.audit_context(&app)).await {
        // Not found: the form was sent twice.
        Ok(_) | Err(Error::NotFound) => Ok(back("passkey-removal")),
        Err(error) => refused(&app, &who, error, "").await,
    }
}
