//! JSON handlers of keys, for administrators with a session. A key never manages keys.
//!
//! - here the keys; `view` the JSON of a key; `usage` its usage; `bulk` changes of many; `export` the list as a file; `settings`
//!   the switch of the account owner; `policy` the policy; `shadow` shadow mode

mod bulk;
mod export;
mod policy;
mod settings;
mod shadow;
mod usage;
mod view;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::model::{CreateKey, Key, KeyFilter, KeyId, KeyQuery, PauseKey, RevokeAt, RevokeKey, RotateKey, UpdateKey};
use super::service::{self, Include, NewKey};
use super::store;
use crate::access::{Allowed, CreateKeys, ManageKeys, PauseKeys, ResumeKeys, RevokeKeys};
use crate::app::App;
use kit::http::route::{delete, get, patch, post, put};
use kit::http::{
    ApiError, Body, Created, IdempotentBody, IfMatch, JsonOk, Known, Listing, NoStore, Page, Path, Revised, Routes, WithEtag,
};

pub(super) use export::file;
pub(crate) use view::KeyView;

pub fn routes() -> Routes<App> {
    Routes::new(
        "API keys",
        vec![
            get("/api/v1/api-keys", "List API keys", index),
            post("/api/v1/api-keys", "Create API key", create)
                .conflicts()
                .fails(409, "UPGRADE_IN_PROGRESS")
                .fails(409, "ALREADY_CREATED")
                .fails(409, "QUOTA_EXCEEDED")
                .fails(403, "API_KEYS_DISABLED"),
            get("/api/v1/api-keys/export", "Export API keys", export::download).fails(409, "EXPORT_IN_PROGRESS"),
            get("/api/v1/api-keys/{id}", "Get API key", show),
            patch("/api/v1/api-keys/{id}", "Update API key", update).conflicts(),
            post("/api/v1/api-keys/{id}/rotate", "Rotate API key", rotate)
                .conflicts()
                .fails(409, "ALREADY_CREATED")
                .fails(409, "QUOTA_EXCEEDED")
                .fails(403, "API_KEYS_DISABLED"),
            post("/api/v1/api-keys/{id}/revoke", "Revoke API key", revoke).essential(),
            post("/api/v1/api-keys/{id}/pause", "Pause API key", pause).essential().conflicts().fails(409, "UPGRADE_IN_PROGRESS"),
            post("/api/v1/api-keys/{id}/resume", "Resume API key", resume).conflicts(),
            put("/api/v1/api-keys/{id}/revoke-at", "Set when a rotated API key is revoked", revoke_at).conflicts(),
            post("/api/v1/api-keys/bulk/revoke", "Revoke several API keys", bulk::revoke).essential(),
            post("/api/v1/api-keys/bulk/pause", "Pause several API keys", bulk::pause).essential().fails(409, "UPGRADE_IN_PROGRESS"),
            post("/api/v1/api-keys/bulk/assign-custodian", "Assign custodian of several API keys", bulk::assign_custodian),
            get("/api/v1/api-keys/{id}/usage", "Get API key usage", usage::show),
            get("/api/v1/api-keys/{id}/shadow", "Get shadow mode of API key", shadow::show),
            post("/api/v1/api-keys/{id}/shadow", "Start shadow mode of API key", shadow::start).conflicts().about(
                "Counts for 7 days what a smaller set of scopes would refuse, and refuses nothing. It replaces an earlier one; with the \
                 set that is on trial already, nothing changes.",
            ),
            delete("/api/v1/api-keys/{id}/shadow", "End shadow mode of API key", shadow::end)
                .about("Ends it before its time, or removes its result, which the response has for the last time."),
            get("/api/v1/settings/api-keys", "Get API key settings", settings::show),
            put("/api/v1/settings/api-keys", "Update API key settings", settings::update),
            get("/api/v1/settings/api-keys/policy", "Get API key policy", policy::show),
            put("/api/v1/settings/api-keys/policy", "Update API key policy", policy::update),
        ],
    )
}

/// A new key with its secret. No other response contains the secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewApiKey)]
struct NewKeyView {
    /// The secret. Copy it now: it cannot be shown again.
    #[schema(pattern = "^pck_(test_)?[0-9A-Za-z]{38}$")]
    secret: String,
    api_key: KeyView,
}

type ShownOnce = NoStore<Created<NewKeyView>>;

async fn view(app: &App, key: Key) -> Result<KeyView, ApiError> {
    let details = service::details_of(app.db.read(), key).await?;
    Ok(KeyView::new(details, app.clock.now()))
}

async fn index(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<KeyFilter>,
    known: Known,
) -> Result<WithEtag<Page<KeyView>>, ApiError> {
    let (query, now) = (KeyQuery::from(&filter), app.clock.now());
    let page = service::list_part(&app.keys, who.workspace(), &query, paging, Include::LastUseAndSuccessor, now).await?;
    Ok(known.answer(page.map(|key| KeyView::new(key, now))))
}

async fn show(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    known: Known,
) -> Result<WithEtag<KeyView>, ApiError> {
    let key = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(view(&app, key).await?).without(KeyView::BY_USE))
}

async fn create(
    who: Allowed<CreateKeys>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateKey>,
) -> Result<ShownOnce, ApiError> {
    shown_once(&app, service::create(&app.keys, who.workspace(), who.audit_context(&app), input, idempotency_key).await?).await
}

async fn rotate(
    who: Allowed<CreateKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<RotateKey>,
) -> Result<ShownOnce, ApiError> {
    shown_once(&app, service::rotate(&app.keys, who.workspace(), who.audit_context(&app), id, input, idempotency_key).await?)
        .await
}

async fn shown_once(app: &App, NewKey { key, secret }: NewKey) -> Result<ShownOnce, ApiError> {
    let secret = secret.expose().to_owned();
    Ok(NoStore(Created(NewKeyView { secret, api_key: view(app, key).await? })))
}

async fn update(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    if_match: IfMatch,
    Body(input): Body<UpdateKey>,
) -> Result<Revised<KeyView>, ApiError> {
    let (workspace, now) = (who.workspace(), app.clock.now());
    let precondition = if_match.without(KeyView::BY_USE).on(move |tx| {
        Box::pin(async move {
            let Some(key) = store::find(tx, workspace, id).await? else { return Ok(None) };
            Ok(Some(KeyView::new(service::details_of(tx, key).await?, now)))
        })
    });
    let context = who.audit_context(&app).only_if(precondition);
    let key = service::update(&app.keys, workspace, context, id, input).await?;
    Ok(Revised::new(view(&app, key).await?).without(KeyView::BY_USE))
}

async fn revoke(
    who: Allowed<RevokeKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<RevokeKey>,
) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::revoke(&app.keys, who.workspace(), who.audit_context(&app), id, input).await?;
    Ok(JsonOk(view(&app, key).await?))
}

async fn pause(
    who: Allowed<PauseKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<PauseKey>,
) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::pause(&app.keys, who.workspace(), who.audit_context(&app), id, input).await?;
    Ok(JsonOk(view(&app, key).await?))
}

async fn resume(who: Allowed<ResumeKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::resume(&app.keys, who.workspace(), who.audit_context(&app), id).await?;
    Ok(JsonOk(view(&app, key).await?))
}

async fn revoke_at(
    who: Allowed<RevokeKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<RevokeAt>,
) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::set_revoke_at(&app.keys, who.workspace(), who.audit_context(&app), id, input).await?;
    Ok(JsonOk(view(&app, key).await?))
}
