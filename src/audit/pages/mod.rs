//! Settings > Audit Log: read, export, verify. For administrators and auditors.
//!
//! - here the page; `filters` the form above the list, `quick` tabs and times; `rows` the events; `chain` the notices above

mod chain;
mod filters;
mod quick;
mod rows;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::api::file;
use super::chain_verifier::ScanRequest;
use super::export::Format;
use super::filter::{EventFilter, Search};
use super::long_read::{Interrupted, LongRead};
use super::store;
use crate::access::{Caller, ExportAuditLog, Form, ManageKeys, PageSession, Permission, ReadAuditLog};
use crate::app::App;
use crate::core::Core;
use crate::frame::{Frame, MenuEntry};
use chain::{ChainNotice, TablesNotice};
use filters::Filters;
use kit::db::is_unavailable;
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, Pager, html_with};
use quick::QuickLink;
use rows::{EventDay, EventRow, days};

const PATH: &str = "/settings/audit-log";

const PAGE_SIZE: u32 = 50;

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
    /// The latest comparison of the tables with the log.
    tables: Option<TablesNotice>,
    filters: Filters,
    tabs: Vec<QuickLink>,
    times: Vec<QuickLink>,
    /// `None` if the filters or the log have a fault that hides the events.
    list: Option<(Vec<EventDay>, Pager)>,
    /// The URLs of the exports.
    csv: String,
    ndjson: String,
    is_busy: bool,
    /// True for a reader who may look up refused requests.
    explains_requests: bool,
}

async fn index(who: PageSession<ReadAuditLog>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (frame, filters, filter) = read(&app, &who, &fields).await?;
    // One URL per list, which can be shared or given to the API.
    if let Some(tidy) = filters.tidy(&fields) {
        return Ok(Redirect::to(&format!("{PATH}{}", tidy.to_query())).into_response());
    }
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    show(&app, &who, status, frame, filters, &filter, &fields).await
}

async fn read<P: Permission<Caller = Caller>>(
    app: &App,
    who: &PageSession<P>,
    fields: &Fields,
) -> Result<(Frame, Filters, EventFilter), ApiError> {
    let frame = who.frame(app, "Audit Log", MenuEntry::AuditLog);
    let (filters, filter) = Filters::read(app, who.workspace(), fields, &frame.at).await?;
    Ok((frame, filters, filter))
}

async fn show<P: Permission<Caller = Caller>>(
    app: &App,
    who: &PageSession<P>,
    status: StatusCode,
    frame: Frame,
    filters: Filters,
    filter: &EventFilter,
    fields: &Fields,
) -> Result<Response, ApiError> {
    let chain = app.chains.verify_new(app, who.workspace()).await?;
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
            let rows = page.items.into_iter().map(|event| EventRow::new(event, opens_keys));
            Some((days(rows, &frame.at), pager))
        }
        // An event that cannot be read was altered, and the chain's notice reports it.
        Some(Err(error)) if chain.fault.is_some() && !is_unavailable(&error) => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let tables = app.comparisons.of(who.workspace()).filter(|_| chain.fault.is_none());
    let tables = tables.map(|latest| TablesNotice::new(latest, &frame.at));
    let chain = ChainNotice::new(&chain, &frame.at, who.workspace_slug());
    let [csv, ndjson] =
        ["csv", "ndjson"].map(|format| format!("{PATH}/export{}", fields.with("page", "").with("format", format).to_query()));
    let is_busy = status == StatusCode::CONFLICT;
    let explains_requests = ManageKeys::RULE.admits(frame.role);
    let tabs = quick::tabs(PATH, fields, filters.topic, filters.is_unusual);
    let times = quick::times(PATH, fields, filters.recent);
    Ok(html_with(
        status,
        &AuditPage { frame, chain, tables, filters, tabs, times, list, csv, ndjson, is_busy, explains_requests },
    ))
}

async fn download(who: PageSession<ExportAuditLog>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (frame, filters, filter) = read(&app, &who, &fields).await?;
    let format = match fields.text("format") {
        "csv" => Format::Csv,
        "ndjson" => Format::Ndjson,
        _ => return Ok(Redirect::to(&format!("{PATH}{}", fields.with("format", "").to_query())).into_response()),
    };
    if filters.faults.is_empty() {
        // The export reads the whole log anyway.
        let search = filter.search.map(|search| Search { after: 0, ..search });
        return file(&app, &who, EventFilter { search, ..filter }, format);
    }
    show(&app, &who, StatusCode::BAD_REQUEST, frame, filters, &filter, &fields).await
}

async fn verify(who: PageSession<ReadAuditLog>, State(app): State<App>, _: Form) -> Result<Response, ApiError> {
    let reader = who.reader(&app);
    let scan = LongRead::new(Core::clone(&app), who.workspace(), Arc::new(reader));
    let permit = match app.chains.request_scan(scan) {
        ScanRequest::Admitted(permit) => permit,
        // The page shows the progress.
        ScanRequest::AlreadyRunning => return Ok(Redirect::to(PATH).into_response()),
        ScanRequest::Busy => {
            let (frame, filters, filter) = read(&app, &who, &Fields::default()).await?;
            return show(&app, &who, StatusCode::CONFLICT, frame, filters, &filter, &Fields::default()).await;
        }
    };
    // It may take longer than a browser waits. The page shows the progress.
    tokio::spawn(async move {
        // The comparison first, so that the page has both results when it shows the scan as finished.
        let checked = match app.comparisons.run(permit.read()).await {
            Ok(()) | Err(Interrupted::NoLongerAllowed) => permit.scan().await,
            Err(Interrupted::Db(error)) => Err(error),
        };
        if let Err(error) = checked {
            tracing::warn!(%error, "an audit log could not be verified");
        }
    });
    Ok(Redirect::to(PATH).into_response())
}
