//! All routes of the product, from the tables of the slices.

use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};

use crate::access::{csrf_middleware, guard_host, guard_metrics};
use crate::app::App;
use crate::middleware::HttpStack;
use crate::{
    access, account, audit, auth, changes, cluster, findings, fleet, frame, home, invoices, keys, leaks, members, reference,
    requests, safety, sandbox, security, trips, webhooks, workspaces,
};
use kit::http::{ApiError, Routes, record_route};

/// Returns the route table of the JSON API, from which the OpenAPI document and the permissions test are generated.
pub fn table() -> Vec<Routes<App>> {
    vec![
        access::routes(),
        auth::routes(),
        auth::passkeys::routes(),
        account::routes(),
        keys::routes(),
        sandbox::routes(),
        members::routes(),
        security::routes(),
        audit::routes(),
        findings::routes(),
        requests::routes(),
        fleet::routes(),
        trips::routes(),
        safety::routes(),
        invoices::routes(),
        changes::routes(),
        webhooks::routes(),
        leaks::routes(),
        cluster::routes(),
    ]
}

/// Returns the route table of the pages.
pub fn pages() -> Vec<Routes<App>> {
    vec![
        workspaces::pages(),
        auth::pages(),
        home::pages(),
        trips::pages(),
        fleet::pages(),
        safety::pages(),
        invoices::pages(),
        account::pages(),
        keys::pages(),
        sandbox::pages(),
        webhooks::pages(),
        members::pages(),
        security::pages(),
        audit::pages(),
        findings::pages(),
        requests::pages(),
        cluster::pages(),
        reference::pages(),
    ]
}

/// Builds the router of a node, with its middleware.
pub fn router(app: App) -> HttpStack {
    let table = table();
    let pages = merged(pages())
        .layer(Extension(read_calls(&app, &table)))
        .route_layer(from_fn_with_state(app.clone(), csrf_middleware))
        .route_layer(from_fn_with_state(app.clone(), guard_host))
        .route_layer(from_fn(safety::protect_reporters));
    let metrics = if app.config.has_metrics_listener {
        Router::new()
    } else {
        reference::metrics_router().route_layer(from_fn_with_state(app.clone(), guard_metrics))
    };
    let router = merged(table)
        .merge(pages)
        .merge(reference::router(self::table))
        .merge(frame::files())
        .merge(metrics)
        .fallback(not_found)
        .method_not_allowed_fallback(record_route(method_not_allowed))
        .with_state(app.clone());
    HttpStack::new(app, router)
}

fn merged(table: Vec<Routes<App>>) -> Router<App> {
    table.into_iter().fold(Router::new(), |router, routes| router.merge(routes.router()))
}

/// Builds the read calls that pages of the documentation make, with the middleware of every request.
fn read_calls(app: &App, table: &[Routes<App>]) -> reference::ReadCalls {
    let calls = merged(reference::read_calls(table)).fallback(no_read_call).with_state(app.clone());
    reference::ReadCalls::new(Router::new().fallback_service(HttpStack::new(app.clone(), calls)))
}

/// Builds the router of the metrics alone, for an address of their own.
pub fn metrics(app: App) -> Router {
    reference::metrics_router().with_state(app)
}

async fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address. See /docs for all calls.")
}

async fn no_read_call() -> ApiError {
    let message = "There is no call at this address that a page can make. Calls that change something, exports and forward \
                   authentication are made with the samples: see /docs for all calls.";
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

async fn method_not_allowed() -> ApiError {
    let message = "This method is not allowed here. The Allow header lists the allowed methods.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
}
