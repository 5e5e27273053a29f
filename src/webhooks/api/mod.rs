//! JSON handlers of webhooks, for administrators with a session and for keys with `webhooks:read` or `webhooks:write`.
//!
//! - here endpoints; `deliveries` deliveries, events and their types; `view` the JSON of all

mod deliveries;
mod view;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::input::{CreateEndpoint, EndpointFilter, RotateSecret, UpdateEndpoint};
use super::model::{Endpoint, EndpointId};
use super::reach::Reach;
use super::service::{self, Manager, WithSecret};
use super::store::{self, Figures};
use crate::access::{Allowed, Caller, DeleteWebhooks, ManageWebhooks, Permission, ReplaceWebhookSecrets, ViewWebhooks};
use crate::app::App;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::outbound::Lookup;
use kit::http::route::{delete, get, patch, post};
use kit::http::{
    ApiError, Body, Created, IdempotentBody, IfMatch, JsonOk, Known, Listing, NoStore, Page, Path, Precondition, Revised, Routes,
    WithEtag,
};

pub(crate) use view::{AttemptView, DeliveryView, EndpointView};

pub fn routes() -> Routes<App> {
    let mut lines = vec![
        get("/api/v1/webhooks", "List webhooks", index)
            .about("Lists the endpoints that match the filters, each with its health."),
        post("/api/v1/webhooks", "Create webhook", create)
            .about(
                "Creates an endpoint: a URL that receives events. The response has the signing secret, which is shown \
                 once.",
            )
            .fails(409, "ALREADY_CREATED")
            .fails(409, "QUOTA_EXCEEDED")
            .fails(409, "SECRET_KEY_MISSING"),
        get("/api/v1/webhooks/{id}", "Get webhook", show).about("Returns an endpoint with its health."),
        patch("/api/v1/webhooks/{id}", "Update webhook", update)
            .about("Changes an endpoint, or switches it on or off. A field that is left out stays.")
            .fails(403, "REAUTHENTICATION_REQUIRED"),
        delete("/api/v1/webhooks/{id}", "Delete webhook", remove)
            .about("Deletes an endpoint. Nothing is delivered to it from then on.")
            .essential(),
        post("/api/v1/webhooks/{id}/rotate-secret", "Rotate webhook secret", rotate_secret)
            .about(
                "Replaces the signing secret, which the response shows once. The old secret signs as well for \
                 `overlapHours`.",
            )
            .conflicts()
            .fails(409, "SECRET_KEY_MISSING"),
    ];
    lines.extend(deliveries::routes());
    Routes::new("Webhooks", lines)
}

/// A new endpoint, or one with a new secret. No other response contains the secret.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
struct WithSecretView {
    /// The signing secret. Copy it now: it cannot be shown again.
    secret: String,
    webhook: EndpointView,
}

/// Returns the modules that a caller may read.
fn reach<P: Permission<Caller = Caller>>(who: &Allowed<P>) -> Reach {
    Reach::of(|scope| who.may(scope))
}

fn manager<P: Permission<Caller = Caller>>(who: &Allowed<P>, app: &App) -> Manager {
    Manager {
        workspace: who.workspace(),
        context: who.audit_context(app),
        reach: reach(who),
        is_recent: who.has_recent_proof(app),
    }
}

/// Finds an endpoint whose events the caller may read.
async fn find<P: Permission<Caller = Caller>>(who: &Allowed<P>, app: &App, id: EndpointId) -> Result<Endpoint, ApiError> {
    let endpoint = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    service::require_reach(reach(who), &endpoint.events).map_err(|error| refused(who, app, error))?;
    Ok(endpoint)
}

/// Maps an error to its response. A key that lacks a scope is counted as denied, as on every other route.
fn refused<P: Permission<Caller = Caller>>(who: &Allowed<P>, app: &App, error: Error) -> ApiError {
    if let Error::Scope(scope) = error {
        who.count_missing_scope(app, scope);
    }
    error.into()
}

/// Adds the figures of its deliveries to an endpoint.
pub(crate) async fn view(app: &App, endpoint: Endpoint) -> DbResult<EndpointView> {
    let mut figures = store::figures(app.db.read(), &[endpoint.id], app.clock.now()).await?;
    let figures = figures.remove(&endpoint.id).unwrap_or_default();
    Ok(EndpointView::new(endpoint, figures))
}

/// Adds the figures of their deliveries to endpoints.
async fn views(app: &App, page: Page<Endpoint>) -> DbResult<Page<EndpointView>> {
    let ids: Vec<EndpointId> = page.items.iter().map(|endpoint| endpoint.id).collect();
    let mut figures = store::figures(app.db.read(), &ids, app.clock.now()).await?;
    Ok(page.map(|endpoint| {
        let figures = figures.remove(&endpoint.id).unwrap_or_default();
        EndpointView::new(endpoint, figures)
    }))
}

async fn index(
    who: Allowed<ViewWebhooks>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<EndpointFilter>,
    known: Known,
) -> Result<WithEtag<Page<EndpointView>>, ApiError> {
    let page = store::list(app.db.read(), who.workspace(), reach(&who), filter, paging).await?;
    Ok(known.answer(views(&app, page).await?))
}

async fn show(
    who: Allowed<ViewWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    known: Known,
) -> Result<WithEtag<EndpointView>, ApiError> {
    Ok(known.answer(view(&app, find(&who, &app, id).await?).await?).without(EndpointView::BY_USE))
}

async fn create(
    who: Allowed<ReplaceWebhookSecrets>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateEndpoint>,
) -> Result<NoStore<Created<WithSecretView>>, ApiError> {
    let made = service::create(&app, manager(&who, &app), input, idempotency_key).await;
    let made = made.map_err(|error| refused(&who, &app, error))?;
    Ok(NoStore(Created(with_secret(&app, made).await?)))
}

async fn with_secret(app: &App, made: WithSecret) -> Result<WithSecretView, ApiError> {
    let WithSecret { endpoint, secret, lookup } = made;
    Ok(WithSecretView { secret: secret.expose().to_owned(), webhook: view(app, endpoint).await?.looked_up(lookup) })
}

async fn update(
    who: Allowed<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    if_match: IfMatch,
    Body(input): Body<UpdateEndpoint>,
) -> Result<Revised<EndpointView>, ApiError> {
    let mut manager = manager(&who, &app);
    manager.context = manager.context.only_if(precondition(if_match, who.workspace(), manager.reach, id));
    let (endpoint, lookup): (Endpoint, Lookup) = match service::update(&app, manager, id, input).await {
        Err(Error::RecentProofRequired) => return Err(who.recent_proof_required(&app).await),
        done => done.map_err(|error| refused(&who, &app, error))?,
    };
    Ok(Revised::new(view(&app, endpoint).await?.looked_up(lookup)).without(EndpointView::BY_USE))
}

/// Returns the condition on an endpoint. Its figures are not read: a write need not know them.
fn precondition(if_match: IfMatch, workspace: WorkspaceId, reach: Reach, id: EndpointId) -> Option<Precondition> {
    let is_reached = move |endpoint: &Endpoint| service::require_reach(reach, &endpoint.events).is_ok();
    if_match.without(EndpointView::BY_USE).on(move |tx| {
        Box::pin(async move {
            let found = store::find(tx, workspace, id).await?.filter(is_reached);
            Ok(found.map(|endpoint| EndpointView::new(endpoint, Figures::default())))
        })
    })
}

/// An endpoint that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedWebhook)]
struct Deleted {
    id: EndpointId,
}

async fn remove(
    who: Allowed<DeleteWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
) -> Result<JsonOk<Deleted>, ApiError> {
    service::delete(&app, manager(&who, &app), id).await.map_err(|error| refused(&who, &app, error))?;
    Ok(JsonOk(Deleted { id }))
}

async fn rotate_secret(
    who: Allowed<ReplaceWebhookSecrets>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Body(input): Body<RotateSecret>,
) -> Result<NoStore<JsonOk<WithSecretView>>, ApiError> {
    let made = service::rotate_secret(&app, manager(&who, &app), id, input).await;
    let made = made.map_err(|error| refused(&who, &app, error))?;
    Ok(NoStore(JsonOk(with_secret(&app, made).await?)))
}
