//! Use cases of safety reports, each within an [`AuditedTx`] that the caller begins and commits.

use serde_json::{Value, json};

use super::error::Error;
use super::kinds::{Confidentiality, Status};
use super::model::{CreateReport, Readable, Report, ReportId, Reporter, UpdateReport, has_occurred, number};
use super::store;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind, and_rewritten, changed_fields, differences, thin_payloads};
use crate::members::{self, MemberId};
use crate::{webhooks, workspaces};
use kit::clock::Time;
use kit::text::{Line, MultilineText};

/// Files a report. The reporter of an anonymous report is not stored; the audit log names only the reporter of a standard one.
pub async fn create(tx: &mut AuditedTx, reporter: Reporter, input: CreateReport) -> Result<Report, Error> {
    let now = tx.now();
    require_past(input.occurred_at, now)?;
    require_member(tx, input.assigned_to).await?;
    let year = workspaces::day_of(tx.db(), tx.workspace(), now).await?.year();
    let counter = format!("{}-{year}", input.report_type.prefix());
    let report = Report {
        id: ReportId::new(now, tx.random()),
        workspace: tx.workspace(),
        number: number(input.report_type, year, workspaces::next_number(tx.db(), tx.workspace(), &counter).await?),
        report_type: input.report_type,
        title: input.title.into_string(),
        description: input.description.into_string(),
        location: input.location.map(Line::into_string),
        occurred_at: input.occurred_at,
        severity: input.severity,
        status: Status::Submitted,
        confidentiality: input.confidentiality,
        filed_as: input.confidentiality,
        reporter: Some(reporter).filter(|_| input.confidentiality != Confidentiality::Anonymous),
        assigned_to: input.assigned_to,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx.db(), &report).await?;
    let details = json!({
        "reportType": report.report_type,
        "severity": report.severity,
        "confidentiality": report.confidentiality,
    });
    if report.confidentiality.is_on_record() {
        tx.record(Action::ReportCreated, Some(target(&report)), details);
    } else {
        tx.record_unnamed(Action::ReportCreated, Some(target(&report)), details);
    }
    tx.publish(EventType::ReportSubmitted, || payload(&report));
    Ok(report)
}

/// Changes a report. Writes and records nothing if nothing differs.
pub async fn update(tx: &mut AuditedTx, id: ReportId, input: UpdateReport) -> Result<Report, Error> {
    let old = store::find(tx.db(), tx.workspace(), Readable::All, id).await?.ok_or(Error::NotFound)?;
    let mut report = old.clone();
    if let Some(to) = input.status {
        report.status =
            if old.status.may_become(to) { to } else { return Err(Error::InvalidTransition { from: old.status, to }) };
    }
    if let Some(to) = input.confidentiality {
        let from = old.confidentiality;
        report.confidentiality =
            if from.may_become(to, old.filed_as) { to } else { return Err(Error::Confidentiality { from, to }) };
        report.reporter = report.reporter.filter(|_| to != Confidentiality::Anonymous);
    }
    if let Some(time) = input.occurred_at {
        require_past(time, tx.now())?;
        report.occurred_at = time;
    }
    if let Some(member) = input.assigned_to {
        require_member(tx, member).await?;
        report.assigned_to = member;
    }
    report.title = input.title.map_or(report.title, Line::into_string);
    report.description = input.description.map_or(report.description, MultilineText::into_string);
    report.location = input.location.map_or(report.location, |place| place.map(Line::into_string));
    report.severity = input.severity.or(report.severity);
    let Some(changes) = changes(&old, &report) else { return Ok(old) };
    report.updated_at = tx.now();
    store::set(tx.db(), &report).await?;
    if !report.confidentiality.is_on_record() {
        // Those of the time when the report was `standard`. A field that was taken out never comes back.
        let thinned = thin_payloads(tx, &report.id.to_string(), &PROTECTED_FIELDS).await?;
        webhooks::forget_responses(tx.db(), thinned).await?;
    }
    let fields = changed_fields(&changes);
    tx.record(Action::ReportUpdated, Some(target(&report)), changes);
    tx.publish(type_of_change(old.status, report.status), || {
        let mut data = payload(&report);
        data["changed"] = fields.into();
        data
    });
    Ok(report)
}

fn require_past(time: Time, now: Time) -> Result<(), Error> {
    if has_occurred(time, now) { Ok(()) } else { Err(Error::NotYet) }
}

async fn require_member(tx: &AuditedTx, member: Option<MemberId>) -> Result<(), Error> {
    let Some(id) = member else { return Ok(()) };
    match members::find(tx.db(), tx.workspace(), id).await? {
        Some(_) => Ok(()),
        None => Err(Error::NoSuchMember(id)),
    }
}

fn target(report: &Report) -> Target {
    Target::new(TargetKind::Report, report.id, &report.number)
}

/// Returns the type of an event of a change. That of a status comes first.
fn type_of_change(from: Status, to: Status) -> EventType {
    if to == Status::Closed && from != to { EventType::ReportClosed } else { EventType::ReportUpdated }
}

/// The data of payloads on a report that is not `standard`: no text, place, person or time of the occurrence, any of which can lead
/// to the reporter.
const PROTECTED_FIELDS: [&str; 7] = ["report_id", "number", "report_type", "severity", "status", "confidentiality", "changed"];

/// Returns the data of a payload. The reporter is never part of it.
fn payload(report: &Report) -> Value {
    let mut data = json!({
        "report_id": report.id,
        "number": report.number,
        "report_type": report.report_type,
        "severity": report.severity,
        "status": report.status,
        "confidentiality": report.confidentiality,
    });
    if report.confidentiality.is_on_record() {
        data["occurred_at"] = json!(report.occurred_at);
        data["title"] = json!(report.title);
        data["location"] = json!(report.location);
        data["assigned_to"] = json!(report.assigned_to);
    }
    data
}

/// Returns the changed fields. Of texts only the fact of a change is recorded: a text that identifies a reporter can be
/// removed from the report, but not from the audit log.
fn changes(old: &Report, new: &Report) -> Option<Value> {
    let words = |report: &Report| {
        json!({
            "status": report.status,
            "severity": report.severity,
            "confidentiality": report.confidentiality,
            "assignedTo": report.assigned_to,
            "occurredAt": report.occurred_at,
        })
    };
    let texts = [
        ("title", old.title != new.title),
        ("description", old.description != new.description),
        ("location", old.location != new.location),
    ];
    and_rewritten(differences(&words(old), &words(new)), texts)
}
