//! JSON handlers of safety reports.

use axum::extract::State;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::kinds::{Confidentiality, ReportType, Severity, Status};
use super::model::{CreateReport, Readable, Report, ReportFilter, ReportId, Reporter, UpdateReport};
use super::summary::{self, ReportSummary};
use super::{service, store};
use crate::access::{Allowed, Caller, FileReports, ReadReports, SafetyWrite};
use crate::app::App;
use crate::members::MemberId;
use crate::middleware::OmitClientIp;
use crate::scopes::{Module, Scope};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::http::route::{get, patch, post};
use kit::http::{
    ApiError, Body, Created, Describe, Doc, IdempotencyKey, IdempotentBody, IfMatch, Known, Listing, Page, Path, Revised, Routes,
    WithEtag,
};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Safety",
        [
            get("/api/v1/sms/reports", "List safety reports", index).about(
                "Lists the reports that match the filters. Keys with `safety:read` read all reports; pilots and \
                 dispatchers read those that they filed by name.",
            ),
            post("/api/v1/sms/reports", "File safety report", create)
                .about("Files a report. `confidentiality` says whether the name of its reporter is shown.")
                .map(|route| route.route_layer(map_response(omit_client_ip))),
            get("/api/v1/sms/reports/summary", "Summarize safety reports", count)
                .about("Returns the number of reports by type, by status and by month."),
            get("/api/v1/sms/reports/{id}", "Get safety report", show).about("Returns a report by its id."),
            patch("/api/v1/sms/reports/{id}", "Update safety report", update)
                .about(
                    "Changes a report: its status, its severity, the member who is to investigate, or its text. A field that \
                     is left out stays.",
                )
                .conflicts(),
        ],
    )
}

/// A safety report of the workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Report)]
pub(crate) struct ReportView {
    id: ReportId,
    /// Type, year of filing in the workspace's time zone and a counter: `HAZ-2026-0007`.
    number: String,
    report_type: ReportType,
    title: String,
    description: String,
    location: Option<String>,
    occurred_at: Time,
    /// `null` until it is assessed.
    severity: Option<Severity>,
    status: Status,
    confidentiality: Confidentiality,
    /// The reporter; only of `standard` reports.
    reporter: Option<Reporter>,
    /// The member who is to investigate.
    assigned_to: Option<MemberId>,
    created_at: Time,
    updated_at: Time,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        Self {
            reporter: report.shown_reporter().cloned(),
            id: report.id,
            number: report.number,
            report_type: report.report_type,
            title: report.title,
            description: report.description,
            location: report.location,
            occurred_at: report.occurred_at,
            severity: report.severity,
            status: report.status,
            confidentiality: report.confidentiality,
            assigned_to: report.assigned_to,
            created_at: report.created_at,
            updated_at: report.updated_at,
        }
    }
}

/// Returns the reports that the caller can read: all with `safety:read`, by scope or role; pilots and dispatchers read their own.
pub(super) fn readable(who: &Allowed<ReadReports>) -> Readable {
    match who.caller() {
        Caller::Member(caller) if !who.may(Scope::read(Module::Safety)) => Readable::FiledByName(caller.member().id),
        Caller::Member(_) | Caller::Key(_) => Readable::All,
    }
}

/// Returns those of these reports that are there, each with its id: for a caller who may read all reports.
pub(crate) async fn views(
    db: &impl Source,
    workspace: WorkspaceId,
    ids: Vec<ReportId>,
) -> DbResult<impl Iterator<Item = (String, ReportView)>> {
    let reports = store::list_by_id(db, workspace, ids).await?;
    Ok(reports.into_iter().map(|report| (report.id.to_string(), report.into())))
}

async fn index(
    who: Allowed<ReadReports>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<ReportFilter>,
    known: Known,
) -> Result<WithEtag<Page<ReportView>>, ApiError> {
    let page = store::list(app.db.read(), who.workspace(), readable(&who), &filter, paging).await?;
    Ok(known.answer(page.map(ReportView::from)))
}

async fn count(who: Allowed<ReadReports>, State(app): State<App>, known: Known) -> Result<WithEtag<ReportSummary>, ApiError> {
    Ok(known.answer(summary::summary(app.db.read(), who.workspace(), readable(&who)).await?))
}

async fn show(
    who: Allowed<ReadReports>,
    State(app): State<App>,
    Path(id): Path<ReportId>,
    known: Known,
) -> Result<WithEtag<ReportView>, ApiError> {
    let report = store::find(app.db.read(), who.workspace(), readable(&who), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(report.into()))
}

async fn create(
    who: Allowed<FileReports>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateReport>,
) -> Result<Filed, ApiError> {
    file(&who, &app, input, idempotency_key).await
}

/// Files a report within the limit of the member. Only a report that was filed counts; a replay files none.
pub(super) async fn file(
    who: &Allowed<FileReports>,
    app: &App,
    input: CreateReport,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Filed, ApiError> {
    // Checked before the member is looked up: the response would disclose who is a member.
    if input.assigned_to.is_some() && !who.may(Scope::write(Module::Safety)) {
        return Err(Error::NoAssigning.into());
    }
    let reporter = match who.caller() {
        Caller::Member(caller) => Some(caller.member().id),
        Caller::Key(_) => None,
    };
    if let Some(member) = reporter {
        app.limits.admit_report(member, app.limits.moment(who.request().received_at_ticks()))?;
    }
    let filed = insert(who, app, input, idempotency_key).await;
    if let (Err(_), Some(member)) = (&filed, reporter) {
        app.limits.refund_report(member);
    }
    filed
}

async fn insert(
    who: &Allowed<FileReports>,
    app: &App,
    input: CreateReport,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Filed, ApiError> {
    let is_on_record = input.confidentiality.is_on_record();
    let mut tx = if is_on_record {
        who.begin_idempotent(app, idempotency_key).await?
    } else {
        // The stored response contains the report: under the caller's name it would identify the reporter.
        who.begin_idempotent_unnamed(app, idempotency_key).await?
    };
    let report = ReportView::from(service::create(&mut tx, who.audit_context(app).actor.into(), input).await?);
    tx.commit_answering(201, &report).await?;
    Ok(Filed { report, is_on_record })
}

/// The response 201 with the report.
pub(super) struct Filed {
    report: ReportView,
    is_on_record: bool,
}

impl Filed {
    /// Returns id and number of the report.
    pub(super) fn names(&self) -> (String, String) {
        (self.report.id.to_string(), self.report.number.clone())
    }
}

impl IntoResponse for Filed {
    fn into_response(self) -> Response {
        let mut response = Created(self.report).into_response();
        if self.is_on_record {
            response.extensions_mut().insert(OnRecord);
        }
        response
    }
}

/// Response extension: the request filed a report in the caller's name.
#[derive(Clone, Copy)]
pub(super) struct OnRecord;

/// Omits the client address from the access log, unless the request filed a report in the caller's name. A refused attempt or a
/// retry may come from a reporter who was promised confidentiality, and does not say so.
pub(super) async fn omit_client_ip(mut response: Response) -> Response {
    if response.extensions_mut().remove::<OnRecord>().is_none() {
        response.extensions_mut().insert(OmitClientIp);
    }
    response
}

impl Describe for Filed {
    fn describe(doc: &mut Doc) {
        Created::<ReportView>::describe(doc);
    }
}

async fn update(
    who: Allowed<SafetyWrite>,
    State(app): State<App>,
    Path(id): Path<ReportId>,
    if_match: IfMatch,
    Body(input): Body<UpdateReport>,
) -> Result<Revised<ReportView>, ApiError> {
    let workspace = who.workspace();
    let precondition = if_match.on(move |tx| {
        Box::pin(async move { store::find(tx, workspace, Readable::All, id).await.map(|report| report.map(ReportView::from)) })
    });
    let mut tx = who.begin_if(&app, precondition).await?;
    let report = service::update(&mut tx, id, input).await?;
    tx.commit().await?;
    Ok(Revised::new(report.into()))
}
