//! The form that changes a key: name, custodian, description, addresses and rate limit.

use std::net::IpAddr;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::custodian::{self, Custodians};
use super::{expiration, fields as shared, labels};
use crate::access::{Form, ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId};
use crate::keys::policy::{self, KeyPolicy};
use crate::keys::{service, store};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Asked, Fields, FormErrors, html_with};

const PATH: &str = "/settings/api-keys/{id}/edit";

/// The order of the fields on the page.
const ORDER: [&str; 6] = ["name", "custodian", "description", "addresses", "requests", "seconds"];

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of a change", edit), form(PATH, "Make the change of the form", update)]
}

#[derive(Template)]
#[template(path = "keys/edit.html")]
struct EditPage {
    frame: Frame,
    key: Key,
    permissions: String,
    /// A revoked or expired key cannot be changed.
    is_live: bool,
    fields: Fields,
    faults: FormErrors,
    example: Option<IpAddr>,
    /// True if the policy demands an allow-list of a key that can write.
    needs_addresses: bool,
    /// True if the addresses are those of a link, and are not saved yet.
    is_proposal: bool,
    custodians: Custodians,
}

impl EditPage {
    async fn new(
        app: &App,
        who: &PageSession<ManageKeys>,
        (key, policy): (Key, &KeyPolicy),
        fields: Fields,
        faults: FormErrors,
    ) -> Result<Self, ApiError> {
        let frame = who.frame(app, "Edit API Key", MenuEntry::ApiKeys);
        Ok(Self {
            custodians: Custodians::read(app.db.read(), who.workspace(), fields.read("custodian")).await?,
            permissions: labels::permissions(key.permissions, key.scopes),
            is_live: key.status(frame.at.now()).is_live(),
            example: shared::example(who.request().client_ip()),
            needs_addresses: policy.require_ip_allowlist_for_write,
            is_proposal: false,
            frame,
            key,
            fields,
            faults,
        })
    }
}

async fn find(app: &App, who: &PageSession<ManageKeys>, id: KeyId) -> Result<(Key, KeyPolicy), ApiError> {
    let policy = policy::policy_of(app.db.read(), who.workspace()).await?;
    Ok((store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?, policy))
}

async fn edit(
    who: PageSession<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let (key, policy) = find(&app, &who, id).await?;
    let proposed = asked.given("addresses").filter(|_| key.allowlist.blocks().is_empty());
    let fields = shared::of(&key);
    let fields = proposed.map_or_else(|| fields.clone(), |proposed| fields.with("addresses", proposed));
    let is_proposal = proposed.is_some();
    let page = EditPage { is_proposal, ..EditPage::new(&app, &who, (key, &policy), fields, FormErrors::default()).await? };
    Ok(html_with(if page.is_live { StatusCode::OK } else { StatusCode::CONFLICT }, &page))
}

async fn update(
    who: PageSession<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let (key, policy) = find(&app, &who, id).await?;
    let again = async |status, faults| {
        let page = EditPage::new(&app, &who, (key, &policy), fields.clone(), faults).await;
        page.map(|page| html_with(status, &page))
    };
    let mut faults = FormErrors::default();
    let input = shared::read(&fields, &mut faults);
    if !faults.is_empty() {
        faults.sort_as(&ORDER);
        return again(StatusCode::BAD_REQUEST, faults).await;
    }
    match service::update(&app.keys, who.workspace(), who.audit_context(&app), id, input).await {
        Ok(_) => Ok(Redirect::to(&format!("/settings/api-keys/{id}?updated=1")).into_response()),
        Err(error @ (Error::NameTaken(_) | Error::NameAlike { .. })) => {
            again(StatusCode::CONFLICT, shared::name_taken(&error)).await
        }
        Err(Error::Custodian) => again(StatusCode::BAD_REQUEST, custodian::fault()).await,
        Err(Error::Policy(breaches)) => {
            again(StatusCode::BAD_REQUEST, expiration::refused_by_policy(&breaches, &fields, "addresses")).await
        }
        // The page of a key that has ended says so instead of showing a form.
        Err(Error::NotActive(_)) => again(StatusCode::CONFLICT, FormErrors::default()).await,
        Err(error) => Err(error.into()),
    }
}
