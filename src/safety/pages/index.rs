//! The list of safety reports. Filters and page are in its address.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels;
use crate::access::{FileReports, PageSession, Permission, ReadReports};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::safety::api::readable;
use crate::safety::kinds::{ReportType, Severity, Status};
use crate::safety::model::{Readable, Report, ReportFilter};
use crate::safety::store;
use kit::http::route::page;
use kit::http::{ApiError, Page, Paging, Route};
use kit::page::{Asked, Badge, Choice, ListFilters, Moments, Pager, html_with};

/// Rows of one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/safety", "Safety reports page", index)]
}

#[derive(Template)]
#[template(path = "safety/index.html")]
struct ReportsPage {
    frame: Frame,
    filters: ListFilters,
    rows: Vec<Row>,
    pager: Pager,
    /// True if the member sees only the reports that they filed under their name.
    is_own: bool,
    /// True if the member may file reports.
    files: bool,
}

struct Row {
    report_type: &'static str,
    severity: Option<Badge>,
    status: Badge,
    report: Report,
}

impl ReportsPage {
    fn statuses(&self) -> Vec<Choice> {
        self.filters.choices("status", Status::ALL, Status::as_str, labels::status_title)
    }

    fn types(&self) -> Vec<Choice> {
        self.filters.choices("report_type", ReportType::ALL, ReportType::as_str, labels::type_title)
    }

    fn severities(&self) -> Vec<Choice> {
        self.filters.choices("severity", Severity::ALL, Severity::as_str, labels::severity_title)
    }
}

async fn index(who: PageSession<ReadReports>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "Safety reports", MenuEntry::Safety);
    let mut filters = ListFilters::new(&asked, &["status", "report_type", "severity", "date_from", "date_to"]);
    let filter = read(&mut filters, &frame.at);
    let readable = readable(&who);
    let page = if filters.faults.is_empty() {
        store::list(app.db.read(), who.workspace(), readable, &filter, filters.paging(PAGE)).await?
    } else {
        Page::new(Vec::new(), Some(0), Paging::page(1, PAGE), None)
    };
    let pager = Pager::new(&page, filters.fields(), "report");
    let row = |report: Report| Row {
        report_type: labels::type_title(report.report_type),
        severity: report.severity.map(labels::severity),
        status: labels::status(report.status),
        report,
    };
    let rows = page.items.into_iter().map(row).collect();
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let (is_own, files) = (readable != Readable::All, FileReports::RULE.admits(frame.role));
    Ok(html_with(status, &ReportsPage { frame, filters, rows, pager, is_own, files }))
}

/// Reads the filter of the API from the fields of the page. Days are days in the zone of the page.
fn read(filters: &mut ListFilters, at: &Moments) -> ReportFilter {
    let (date_from, date_to) = filters.times(["date_from", "date_to"], at);
    ReportFilter {
        status: filters.word("status"),
        report_type: filters.word("report_type"),
        severity: filters.word("severity"),
        date_from,
        date_to,
    }
}
