//! The calls on keys: for administrators, by session; a key never manages keys.
//!
//! - here the keys themselves; `usage` how one was used; `settings` the switch of the account owner

mod settings;
mod usage;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::model::{CreateKey, Key, KeyFilter, KeyId, Person, RateLimit, RevokeKey, RotateKey, Status, UpdateKey};
use super::service::{self, NewKey};
use super::{store, tally, usage as recorded};
use crate::access::{Allowed, ManageKeys, RevokeKeys};
use crate::app::App;
use crate::scopes::{Permissions, Scope};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::route::{get, patch, post, put};
use kit::http::{ApiError, Body, Created, Creating, JsonOk, Listing, NoStore, Page, Path, Routes};

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new(
        "API keys",
        [
            get("/api/v1/api-keys", "List API keys", index),
            post("/api/v1/api-keys", "Create API key", create)
                .conflicts()
                .fails(409, "ALREADY_CREATED")
                .fails(409, "QUOTA_EXCEEDED")
                .fails(403, "API_KEYS_DISABLED"),
            get("/api/v1/api-keys/{id}", "Get API key", show),
            patch("/api/v1/api-keys/{id}", "Update API key", update).conflicts(),
            post("/api/v1/api-keys/{id}/rotate", "Rotate API key", rotate)
                .conflicts()
                .fails(409, "ALREADY_CREATED")
                .fails(409, "QUOTA_EXCEEDED")
                .fails(403, "API_KEYS_DISABLED"),
            post("/api/v1/api-keys/{id}/revoke", "Revoke API key", revoke),
            get("/api/v1/api-keys/{id}/usage", "Get API key usage", usage::show),
            get("/api/v1/settings/api-keys", "Get API key settings", settings::show),
            put("/api/v1/settings/api-keys", "Update API key settings", settings::update),
        ],
    )
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    id: KeyId,
    /// Unique among the workspace's active keys.
    name: String,
    /// What the key is for.
    description: Option<String>,
    /// The beginning and the end of the secret: `pck_Ab3d…Xy9z`.
    hint: String,
    permissions: Permissions,
    /// What the key may open; write includes read.
    scopes: Vec<Scope>,
    status: Status,
    created_at: Time,
    created_by: Person,
    /// `null` for no expiration.
    expires_at: Option<Time>,
    /// The last accepted request, up to a second late, or a minute where thousands of keys are in use.
    last_used_at: Option<Time>,
    /// Where that request came from.
    last_used_ip: Option<String>,
    revoked_at: Option<Time>,
    revoked_by: Option<Person>,
    revoke_reason: Option<String>,
    /// From then on every node has refused the key; `null` while it is not revoked, and if it is not known.
    refused_everywhere_at: Option<Time>,
    /// The key this one replaces.
    rotated_from: Option<KeyId>,
    /// The latest key that replaces this one.
    rotated_to: Option<KeyId>,
    /// CIDR blocks; empty: from anywhere.
    ip_allowlist: Vec<String>,
    /// `null` for no limit.
    rate_limit: Option<RateLimit>,
}

/// A new key with its secret, which no other answer contains.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewApiKey)]
struct NewKeyView {
    /// The whole key. Copy it now: it cannot be shown again.
    #[schema(pattern = "^pck_[0-9A-Za-z]{38}$")]
    secret: String,
    api_key: KeyView,
}

type ShownOnce = NoStore<Created<NewKeyView>>;

/// Adds to keys what other tables know of them.
pub(crate) async fn views(app: &App, keys: Vec<Key>) -> DbResult<Vec<KeyView>> {
    let Some(workspace) = keys.first().map(|key| key.workspace) else { return Ok(Vec::new()) };
    let ids: Vec<KeyId> = keys.iter().map(|key| key.id).collect();
    let mut last_uses = recorded::last_uses(app.db.read(), ids.clone()).await?;
    let successors = store::successors(app.db.read(), workspace, ids).await?;
    let now = app.clock.now();
    let view = |key: Key| {
        let last_use = last_uses.remove(&key.id);
        KeyView {
            status: key.status(now),
            scopes: key.scopes.iter().collect(),
            last_used_at: last_use.as_ref().map(|use_| use_.at),
            last_used_ip: last_use.map(|use_| use_.ip),
            rotated_to: successors.get(&key.id).copied(),
            ip_allowlist: key.allowlist.blocks().iter().map(ToString::to_string).collect(),
            id: key.id,
            name: key.name,
            description: key.description,
            hint: key.hint,
            permissions: key.permissions,
            created_at: key.created_at,
            created_by: key.created_by,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            revoked_by: key.revoked_by,
            revoke_reason: key.revoke_reason,
            refused_everywhere_at: key.refused_everywhere_at,
            rotated_from: key.rotated_from,
            rate_limit: key.rate_limit,
        }
    };
    Ok(keys.into_iter().map(view).collect())
}

async fn view(app: &App, key: Key) -> Result<KeyView, ApiError> {
    views(app, vec![key]).await?.pop().ok_or_else(ApiError::internal)
}

async fn index(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<KeyFilter>,
) -> Result<JsonOk<Page<KeyView>>, ApiError> {
    let Page { items, total, .. } = tally::list(&app, who.workspace(), &filter, paging, app.clock.now()).await?;
    Ok(JsonOk(Page::new(views(&app, items).await?, total, paging)))
}

async fn show(who: Allowed<ManageKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<JsonOk<KeyView>, ApiError> {
    let key = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(JsonOk(view(&app, key).await?))
}

async fn create(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Creating { input, once }: Creating<CreateKey>,
) -> Result<ShownOnce, ApiError> {
    shown_once(&app, service::create(&app, who.workspace(), who.by(&app), input, once).await?).await
}

async fn rotate(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Creating { input, once }: Creating<RotateKey>,
) -> Result<ShownOnce, ApiError> {
    shown_once(&app, service::rotate(&app, who.workspace(), who.by(&app), id, input, once).await?).await
}

async fn shown_once(app: &App, NewKey { key, secret }: NewKey) -> Result<ShownOnce, ApiError> {
    let secret = secret.expose().to_owned();
    Ok(NoStore(Created(NewKeyView { secret, api_key: view(app, key).await? })))
}

async fn update(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<UpdateKey>,
) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::update(&app, who.workspace(), who.by(&app), id, input).await?;
    Ok(JsonOk(view(&app, key).await?))
}

async fn revoke(
    who: Allowed<RevokeKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<RevokeKey>,
) -> Result<JsonOk<KeyView>, ApiError> {
    let key = service::revoke(&app, who.workspace(), who.by(&app), id, input).await?;
    Ok(JsonOk(view(&app, key).await?))
}
