//! The page of one safety report.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::labels;
use crate::access::{PageSession, ReadReports};
use crate::app::App;
use crate::audit::{Disclosure, Provenance, provenance};
use crate::frame::{Frame, MenuEntry};
use crate::members;
use crate::safety::api::readable;
use crate::safety::error::Error;
use crate::safety::kinds::Confidentiality;
use crate::safety::model::{Report, ReportId};
use crate::safety::store;
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::{Asked, Badge, html};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/safety/{id}", "Safety report page", show)]
}

#[derive(Template)]
#[template(path = "safety/show.html")]
struct ReportPage {
    frame: Frame,
    report_type: &'static str,
    severity: Option<Badge>,
    status: Badge,
    /// The name of the reporter, or the reason why it is not shown.
    reporter: String,
    /// The name of the member who investigates.
    assigned_to: Option<String>,
    report: Report,
    provenance: Provenance,
    /// True if the member has just filed the report.
    is_filed: bool,
}

async fn show(
    who: PageSession<ReadReports>,
    State(app): State<App>,
    Path(id): Path<ReportId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let report = store::find(db, workspace, readable(&who), id).await?.ok_or(Error::NotFound)?;
    let assigned_to = match report.assigned_to {
        Some(id) => Some(members::find(db, workspace, id).await?.map_or_else(|| id.to_string(), |member| member.name)),
        None => None,
    };
    let frame = who.frame(&app, &report.number, MenuEntry::Safety);
    // The log may name the reporter of a report that became confidential later; its page does not.
    let disclosure =
        if report.confidentiality == Confidentiality::Standard { Disclosure::Everything } else { Disclosure::ChangesOnly };
    Ok(html(&ReportPage {
        report_type: labels::type_title(report.report_type),
        severity: report.severity.map(labels::severity),
        status: labels::status(report.status),
        reporter: report
            .shown_reporter()
            .map_or_else(|| labels::unnamed(report.confidentiality).to_owned(), |reporter| reporter.name.clone()),
        assigned_to,
        provenance: provenance(db, workspace, &id.to_string(), (frame.role, disclosure)).await?,
        is_filed: asked.is("filed", "1"),
        frame,
        report,
    }))
}
