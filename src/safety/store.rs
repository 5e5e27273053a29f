//! The queries on safety reports.

use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::kinds::{Confidentiality, FormerSeverity, ReportType, Severity, Status};
use super::model::{Readable, Report, ReportFilter, ReportId, Reporter};
use super::tables::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, find_rows, find_tuples, page, update_row};
use kit::http::{Page, Paging};

pub(super) async fn insert(db: &impl ConnectionTrait, report: &Report) -> DbResult<()> {
    Entity::insert(row_of(report).into_active_model()).exec_without_returning(db).await.map(|_| ())
}

pub(super) async fn set(db: &impl ConnectionTrait, report: &Report) -> DbResult<()> {
    update_row(db, row_of(report).into_active_model().reset_all()).await
}

/// Returns a report, if it is one of `readable`.
pub(super) async fn find(db: &impl Source, workspace: WorkspaceId, readable: Readable, id: ReportId) -> DbResult<Option<Report>> {
    let row = find_row(db, Entity::find_by_id(id).filter(within(workspace, readable))).await?;
    row.map(report_of).transpose()
}

/// Lists those of these reports that are there.
pub(super) async fn list_by_id(db: &impl Source, workspace: WorkspaceId, ids: Vec<ReportId>) -> DbResult<Vec<Report>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mine = Entity::find().filter(within(workspace, Readable::All)).filter(Column::Id.is_in(ids));
    find_rows(db, mine).await?.into_iter().map(report_of).collect()
}

/// Returns a part of the readable reports of a workspace, the newest first.
pub async fn list(
    db: &impl Source,
    workspace: WorkspaceId,
    readable: Readable,
    filter: &ReportFilter,
    paging: Paging,
) -> DbResult<Page<Report>> {
    let condition = within(workspace, readable)
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.report_type.map(|kind| Column::ReportType.eq(kind)))
        .add_option(filter.severity.map(has_severity))
        .add_option(filter.date_from.map(|from| Column::OccurredAt.gte(from.0)))
        .add_option(filter.date_to.map(|to| Column::OccurredAt.lte(to.0)));
    page(db, Entity::find().filter(condition), [Column::CreatedAt, Column::Id], paging, report_of).await
}

/// Returns type, status and time of every readable report of a workspace, for the summary.
///
/// The caller groups by month: the two engines have no common function for it.
pub(super) async fn outlines(
    db: &impl Source,
    workspace: WorkspaceId,
    readable: Readable,
) -> DbResult<Vec<(ReportType, Status, Time)>> {
    let outlines = Entity::find()
        .select_only()
        .columns([Column::ReportType, Column::Status, Column::OccurredAt])
        .filter(within(workspace, readable));
    find_tuples(db, outlines).await
}

fn within(workspace: WorkspaceId, readable: Readable) -> Condition {
    let condition = Condition::all().add(Column::WorkspaceId.eq(workspace));
    match readable {
        Readable::All => condition,
        Readable::FiledByName(member) => {
            condition.add(Column::ReporterId.eq(member.to_string())).add(Column::FiledAs.eq(Confidentiality::Standard))
        }
    }
}

/// Returns the condition that a row has the severity by [`severity_of`].
fn has_severity(severity: Severity) -> Condition {
    let former = Condition::all().add(Column::Severity.eq(FormerSeverity::from(severity)));
    match severity {
        Severity::Negligible => former.add(Column::IcaoSeverity.eq(severity)),
        // Null in a row of the previous version.
        Severity::Minor => {
            former.add(Condition::any().add(Column::IcaoSeverity.is_null()).add(Column::IcaoSeverity.ne(Severity::Negligible)))
        }
        Severity::Major | Severity::Hazardous | Severity::Catastrophic => former,
    }
}

/// Returns the severity of a row. A node of the previous version changes only the former one: if the two differ, that one is
/// newer.
fn severity_of(row: &Model) -> Option<Severity> {
    let former = row.severity?;
    let kept = row.icao_severity.filter(|severity| FormerSeverity::from(*severity) == former);
    Some(kept.unwrap_or_else(|| former.into()))
}

/// Deletes up to `limit` reports of a workspace, for the reset of a sandbox. Returns their number.
pub async fn delete_some(db: &impl ConnectionTrait, workspace: WorkspaceId, limit: u64) -> DbResult<u64> {
    let some = Query::select().column(Column::Id).from(Entity).and_where(Column::WorkspaceId.eq(workspace)).limit(limit).take();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(some)).exec(db).await?.rows_affected)
}

fn row_of(report: &Report) -> Model {
    Model {
        id: report.id,
        workspace_id: report.workspace,
        number: report.number.clone(),
        report_type: report.report_type,
        title: report.title.clone(),
        description: report.description.clone(),
        location: report.location.clone(),
        occurred_at: report.occurred_at,
        severity: report.severity.map(FormerSeverity::from),
        icao_severity: report.severity,
        status: report.status,
        confidentiality: report.confidentiality,
        filed_as: report.filed_as,
        reporter_id: report.reporter.as_ref().map(|reporter| reporter.id.clone()),
        reporter_name: report.reporter.as_ref().map(|reporter| reporter.name.clone()),
        assigned_to: report.assigned_to.map(|member| member.to_string()),
        created_at: report.created_at,
        updated_at: report.updated_at,
    }
}

fn report_of(row: Model) -> DbResult<Report> {
    let broken = |_| DbErr::Type(format!("report {}: assigned to", row.id));
    Ok(Report {
        severity: severity_of(&row),
        assigned_to: row.assigned_to.map(|id| id.parse()).transpose().map_err(broken)?,
        id: row.id,
        workspace: row.workspace_id,
        number: row.number,
        report_type: row.report_type,
        title: row.title,
        description: row.description,
        location: row.location,
        occurred_at: row.occurred_at,
        status: row.status,
        confidentiality: row.confidentiality,
        filed_as: row.filed_as,
        reporter: row.reporter_id.zip(row.reporter_name).map(|(id, name)| Reporter { id, name }),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
