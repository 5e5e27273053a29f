//! The form of a new key.

use std::net::IpAddr;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::custodian::{self, Custodians};
use super::{disabled, expiration, fields as shared, permissions, secret};
use crate::access::{CreateKeys, Form, ManageKeys, MemberPermission, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{CreateKey, NO_TEST_WEBHOOKS};
use crate::keys::policy::{self, KeyPolicy};
use crate::keys::service;
use crate::scopes::Module;
use crate::workspaces;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Asked, Fields, FormErrors, Moments, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/api-keys/new";

/// The order of the fields on the page.
const ORDER: [&str; 11] = [
    "name",
    "kind",
    "permissions",
    "modules",
    "expiration",
    "date",
    "custodian",
    "description",
    "addresses",
    "requests",
    "seconds",
];

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of a new API key", new), form(PATH, "Make the key of the form", create)]
}

#[derive(Template)]
#[template(path = "keys/new.html")]
struct NewKeyPage {
    frame: Frame,
    fields: Fields,
    faults: FormErrors,
    idempotency_key: String,
    tiles: Vec<permissions::Tile>,
    rows: Vec<permissions::ModuleRow>,
    choices: expiration::Choices,
    example: Option<IpAddr>,
    has_more: bool,
    /// True if the policy demands an allow-list of a key that can write.
    needs_addresses: bool,
    custodians: Custodians,
}

impl NewKeyPage {
    async fn new<P: MemberPermission>(
        app: &App,
        who: &PageSession<P>,
        policy: &KeyPolicy,
        fields: Fields,
        faults: FormErrors,
    ) -> Result<Self, ApiError> {
        let frame = who.frame(app, "New API Key", MenuEntry::ApiKeys);
        let needs_addresses = policy.require_ip_allowlist_for_write;
        let choices = expiration::Choices::new(policy, &frame.at);
        // Before anything is chosen.
        let fields = if fields.has("expiration") { fields } else { fields.with("expiration", choices.proposed()) };
        let chosen = fields.read("custodian").unwrap_or(who.member().id);
        let has_custodian = chosen != who.member().id || faults.of("custodian").is_some();
        Ok(Self {
            custodians: Custodians::read(app.db.read(), who.workspace(), Some(chosen)).await?,
            // One form creates one key, however often it is corrected and sent.
            idempotency_key: fields.given("idempotency_key").map_or_else(|| app.random.base62(22), str::to_owned),
            tiles: permissions::tiles(&fields),
            rows: permissions::rows(&fields, None),
            choices,
            example: shared::example(who.request().client_ip()),
            has_more: needs_addresses || has_custodian || shared::has_more(&fields, &faults),
            needs_addresses,
            frame,
            fields,
            faults,
        })
    }
}

async fn new(who: PageSession<ManageKeys>, State(app): State<App>, Asked(query): Asked) -> Result<Response, ApiError> {
    if !workspaces::api_keys_enabled(app.db.read(), who.workspace()).await? {
        return disabled::show(&app, &who).await;
    }
    let policy = policy::policy_of(app.db.read(), who.workspace()).await?;
    let kind = if query.is("kind", "test") { "test" } else { "live" };
    let fields = shared::defaults().with("kind", kind).with("permissions", "read_only");
    Ok(html_with(StatusCode::OK, &NewKeyPage::new(&app, &who, &policy, fields, FormErrors::default()).await?))
}

async fn create(who: PageSession<CreateKeys>, State(app): State<App>, form: Form) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "API key created", MenuEntry::ApiKeys);
    let policy = policy::policy_of(app.db.read(), who.workspace()).await?;
    let again = async |status, faults| {
        let page = NewKeyPage::new(&app, &who, &policy, form.fields.clone(), faults).await;
        page.map(|page| html_with(status, &page))
    };
    let input = match read(&form.fields, &frame.at) {
        Ok(input) => input,
        Err(faults) => return again(StatusCode::BAD_REQUEST, faults).await,
    };
    match service::create(&app.keys, who.workspace(), who.audit_context(&app), input, form.idempotency_key()).await {
        Ok(new) => {
            let afterwards = format!("/settings/api-keys/{}", new.key.id);
            Ok(secret::show_once(&app, frame, &new, &afterwards))
        }
        Err(Error::AlreadyCreated(id)) => Ok(Redirect::to(&format!("/settings/api-keys/{id}?already=shown")).into_response()),
        Err(Error::Disabled) => disabled::show(&app, &who).await,
        Err(error @ (Error::NameTaken(_) | Error::NameAlike { .. })) => {
            again(StatusCode::CONFLICT, shared::name_taken(&error)).await
        }
        Err(error @ Error::NoTestKeysYet) => again(StatusCode::CONFLICT, FormErrors::of_field("kind", sentence(error))).await,
        Err(Error::Custodian) => again(StatusCode::BAD_REQUEST, custodian::fault()).await,
        Err(Error::Policy(breaches)) => {
            let mut faults = expiration::refused_by_policy(&breaches, &form.fields, "addresses");
            faults.sort_as(&ORDER);
            again(StatusCode::BAD_REQUEST, faults).await
        }
        Err(Error::Quota(exceeded)) => again(StatusCode::CONFLICT, FormErrors::of_whole(sentence(exceeded))).await,
        Err(error) => Err(error.into()),
    }
}

/// Parses the submitted fields, or returns all their faults.
fn read(fields: &Fields, at: &Moments) -> Result<CreateKey, FormErrors> {
    let mut faults = FormErrors::default();
    let permissions = permissions::read(fields, &mut faults);
    let expires_at = expiration::read(fields, at, &mut faults);
    let shared = shared::read(fields, &mut faults);
    let test = fields.is("kind", "test");
    let is_for_webhooks = permissions
        .as_ref()
        .and_then(|(_, scopes)| scopes.as_ref())
        .is_some_and(|scopes| scopes.iter().any(|scope| scope.module == Module::Webhooks));
    if test && is_for_webhooks {
        faults.add("modules", NO_TEST_WEBHOOKS);
    }
    faults.sort_as(&ORDER);
    match (permissions, shared.name) {
        (Some((permissions, scopes)), Some(name)) if faults.is_empty() => Ok(CreateKey {
            name,
            permissions,
            scopes,
            expires_at,
            ip_allowlist: shared.ip_allowlist.flatten(),
            rate_limit: shared.rate_limit,
            description: shared.description.flatten(),
            custodian_id: shared.custodian_id,
            test,
        }),
        _ => Err(faults),
    }
}
