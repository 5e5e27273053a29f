//! Settings > Audit Log, for administrators and auditors: read it, export it, verify it.
//!
//! - here the page; `filters` the form above the list; `rows` events as they are shown; `chain` what is said of the chain

mod chain;
mod filters;
mod rows;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::api::file;
use super::export::Format;
use super::model::EventFilter;
use super::{store, watch};
use crate::access::{Form, ManageKeys, PageSession, Permission, ReadAuditLog};
use crate::app::App;
use crate::frame::{Frame, Place};
use chain::{ChainNotice, TablesNotice};
use filters::Filters;
use kit::db::is_unavailable;
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, Pager, html_with};
use rows::Row;

const PATH: &str = "/settings/audit-log";

/// Events on a page.
const PAGE_SIZE: u32 = 50;

/// The pages.
pub fn routes() -> Routes<App> {
    Routes::new(
        "Audit log",
        [
            page(PATH, "Audit log page", index),
            page("/settings/audit-log/export", "Export audit events from the page", download),
            form("/settings/audit-log/verify", "Verify the audit log", verify),
        ],
    )
}

#[derive(Template)]
#[template(path = "audit/index.html")]
struct AuditPage {
    frame: Frame,
    chain: ChainNotice,
    /// The comparison of the tables with the log, if there was one.
    tables: Option<TablesNotice>,
    filters: Filters,
    /// The events, unless the filters or the log have a fault that hides them.
    list: Option<(Vec<Row>, Pager)>,
    /// The same events as files.
    csv: String,
    ndjson: String,
    is_busy: bool,
}

async fn index(who: PageSession<ReadAuditLog>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (frame, filters, filter) = read(&app, &who, &fields).await?;
    // One address for one list: it can be sent to a colleague, or given to the API.
    if let Some(tidy) = filters.tidy(&fields) {
        return Ok(Redirect::to(&format!("{PATH}{}", tidy.to_query())).into_response());
    }
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    show(&app, &who, status, frame, filters, &filter, &fields).await
}

async fn read(app: &App, who: &PageSession<ReadAuditLog>, fields: &Fields) -> Result<(Frame, Filters, EventFilter), ApiError> {
    let frame = who.frame(app, "Audit Log", Place::AuditLog);
    let (filters, filter) = Filters::read(app, who.workspace(), fields, &frame.at).await?;
    Ok((frame, filters, filter))
}

async fn show(
    app: &App,
    who: &PageSession<ReadAuditLog>,
    status: StatusCode,
    frame: Frame,
    filters: Filters,
    filter: &EventFilter,
    fields: &Fields,
) -> Result<Response, ApiError> {
    let chain = app.chains.look(app, who.workspace()).await?;
    let events = if filters.faults.is_empty() {
        Some(store::list(app.db.read(), who.workspace(), filter, fields.paging(PAGE_SIZE)).await)
    } else {
        None
    };
    let list = match events {
        None => None,
        Some(Ok(page)) => {
            let pager = Pager::new(&page, fields, "event");
            let opens_keys = ManageKeys::RULE.admits(frame.role);
            Some((page.items.into_iter().map(|event| Row::new(event, opens_keys)).collect(), pager))
        }
        // An event that cannot be read was altered, and the chain says so.
        Some(Err(error)) if chain.fault.is_some() && !is_unavailable(&error) => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let tables = app.comparisons.of(who.workspace()).filter(|_| chain.fault.is_none());
    let tables = tables.map(|latest| TablesNotice::new(latest, &frame.at));
    let chain = ChainNotice::new(&chain, &frame.at, who.workspace_slug());
    let [csv, ndjson] =
        ["csv", "ndjson"].map(|format| format!("{PATH}/export{}", fields.with("page", "").with("format", format).to_query()));
    let is_busy = status == StatusCode::CONFLICT;
    Ok(html_with(status, &AuditPage { frame, chain, tables, filters, list, csv, ndjson, is_busy }))
}

async fn download(who: PageSession<ReadAuditLog>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (frame, filters, filter) = read(&app, &who, &fields).await?;
    let format = match fields.text("format") {
        "csv" => Format::Csv,
        "ndjson" => Format::Ndjson,
        _ => return Ok(Redirect::to(&format!("{PATH}{}", fields.with("format", "").to_query())).into_response()),
    };
    if filters.faults.is_empty() {
        return file(&app, &who, filter, format);
    }
    show(&app, &who, StatusCode::BAD_REQUEST, frame, filters, &filter, &fields).await
}

async fn verify(who: PageSession<ReadAuditLog>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    let reader = who.reader(&app).ok_or_else(ApiError::internal)?;
    let turn = match app.chains.take_turn(&app, who.workspace(), reader) {
        watch::Asked::Begun(turn) => turn,
        // The page tells how far it is.
        watch::Asked::UnderWay => return Ok(Redirect::to(PATH).into_response()),
        watch::Asked::Busy => {
            let (frame, filters, filter) = read(&app, &who, &Fields::default()).await?;
            return show(&app, &who, StatusCode::CONFLICT, frame, filters, &filter, &Fields::default()).await;
        }
    };
    // It may take longer than a browser waits. The page tells how far it is.
    let workspace = who.workspace();
    tokio::spawn(async move {
        let checked = async {
            // First, so that both are there when the page says that the walk is over.
            app.comparisons.run(&app, workspace).await?;
            turn.walk().await
        };
        if let Err(error) = checked.await {
            tracing::warn!(%error, "an audit log could not be verified");
        }
    });
    Ok(Redirect::to(PATH).into_response())
}
