//! Routes outside the JSON API: the documents here, `health` for load balancers and monitoring, `try_it` for pages of calls.

mod health;
mod try_it;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::openapi::document;
use super::site::{Page, Site};
use super::{postman_collection, render, search};
use crate::app::App;
use kit::http::{ApiError, Known, Prepared, Routes, record_route};

pub use try_it::{ReadCalls, TRY_IT, pages};

/// The route table of the JSON API, which the documents describe.
#[derive(Clone, Copy)]
struct RouteTable(fn() -> Vec<Routes<App>>);

/// Routes that are open to all. The documents describe `table`.
pub fn router(table: fn() -> Vec<Routes<App>>) -> Router<App> {
    Router::new()
        .route("/openapi.json", get(record_route(openapi)))
        .route("/docs", get(record_route(index)))
        .route("/docs.md", get(record_route(index_text)))
        .route("/docs/search.json", get(record_route(search_index)))
        .route(POSTMAN, get(record_route(postman)))
        .route("/docs/{*page}", get(record_route(page)))
        .route("/llms.txt", get(record_route(llms)))
        .layer(Extension(RouteTable(table)))
        .route("/health", get(record_route(health::health)))
        .route("/readiness", get(record_route(health::readiness)))
}

/// The route of the metrics, for the main address or one of their own.
pub fn metrics_router() -> Router<App> {
    Router::new().route("/metrics", get(record_route(health::metrics)))
}

impl RouteTable {
    /// The documentation, built at its first request.
    fn site(self, app: &App) -> &Site {
        let url = &app.config.public_url;
        app.documents.site.get_or_init(|| {
            let table = (self.0)();
            Site::new(url, &table, &document(url, &table))
        })
    }
}

/// The path of the first page.
const INDEX: &str = "/docs";

/// The path of the collection for Postman.
const POSTMAN: &str = "/docs/planeconnection.postman.json";

async fn index(State(app): State<App>, Extension(table): Extension<RouteTable>, known: Known) -> Response {
    let site = table.site(&app);
    site.find(INDEX).map_or_else(not_found, |page| html(site, page, &known))
}

async fn index_text(State(app): State<App>, Extension(table): Extension<RouteTable>, known: Known) -> Response {
    table.site(&app).find(INDEX).map_or_else(not_found, |page| text(page, &known))
}

async fn page(State(app): State<App>, Extension(table): Extension<RouteTable>, uri: Uri, known: Known) -> Response {
    let site = table.site(&app);
    match uri.path().strip_suffix(".md") {
        Some(path) => site.find(path).map_or_else(not_found, |page| text(page, &known)),
        None => site.find(uri.path()).map_or_else(not_found, |page| html(site, page, &known)),
    }
}

fn html(site: &Site, page: &Page, known: &Known) -> Response {
    page.html.answer(known, || render::html(site, page))
}

fn text(page: &Page, known: &Known) -> Response {
    page.text.answer(known, || Ok(render::text(page)))
}

fn not_found() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such page of the documentation. See /docs for all pages.")
        .into_response()
}

async fn search_index(State(app): State<App>, Extension(table): Extension<RouteTable>, known: Known) -> Response {
    let site = table.site(&app);
    site.search.answer(&known, || search::index(site))
}

async fn postman(State(app): State<App>, Extension(RouteTable(table)): Extension<RouteTable>, known: Known) -> Response {
    app.documents.postman.answer(&known, || {
        let text = postman_collection(&document(&app.config.public_url, &table())).to_string();
        Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text))
    })
}

async fn openapi(State(app): State<App>, Extension(RouteTable(table)): Extension<RouteTable>, known: Known) -> Response {
    app.documents.openapi.answer(&known, || {
        let text = document(&app.config.public_url, &table()).to_string();
        Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text))
    })
}

async fn llms(State(app): State<App>, Extension(table): Extension<RouteTable>, known: Known) -> Response {
    let site = table.site(&app);
    app.documents.llms.answer(&known, || render::llms(&app.config.public_url, site))
}
