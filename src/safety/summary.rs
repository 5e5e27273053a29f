//! The numbers of reports by type, status and month, for a dashboard.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::kinds::{ReportType, Status};
use super::model::Readable;
use super::store;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// The numbers of the safety reports that the caller can read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReportSummary)]
pub struct ReportSummary {
    /// The number of all reports.
    pub total: i64,
    /// The number of reports of each type; every type is present.
    pub by_type: BTreeMap<ReportType, i64>,
    /// The number of reports in each status; every status is present.
    pub by_status: BTreeMap<Status, i64>,
    /// The number of reports by the month (UTC) of occurrence, in order; months without reports are left out.
    pub by_month: Vec<MonthCount>,
}

/// The number of reports in one month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = ReportMonthCount)]
pub struct MonthCount {
    /// The month as `YYYY-MM`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: String,
    /// The number of reports.
    pub count: i64,
}

pub(super) async fn summary(db: &impl Source, workspace: WorkspaceId, readable: Readable) -> DbResult<ReportSummary> {
    store::outlines(db, workspace, readable).await.map(count)
}

fn count(reports: Vec<(ReportType, Status, Time)>) -> ReportSummary {
    let mut by_type: BTreeMap<_, _> = ReportType::ALL.iter().map(|kind| (*kind, 0)).collect();
    let mut by_status: BTreeMap<_, _> = Status::ALL.iter().map(|status| (*status, 0)).collect();
    let mut months: BTreeMap<(i16, i8), i64> = BTreeMap::new();
    let mut total = 0;
    for (kind, status, occurred_at) in reports {
        let day = occurred_at.date();
        total += 1;
        *by_type.entry(kind).or_default() += 1;
        *by_status.entry(status).or_default() += 1;
        *months.entry((day.year(), day.month())).or_default() += 1;
    }
    let month = |((year, month), count)| MonthCount { month: format!("{year:04}-{month:02}"), count };
    ReportSummary { total, by_type, by_status, by_month: months.into_iter().map(month).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_has_every_type_and_status_and_ordered_months() {
        let at = |text: &str| text.parse::<Time>().expect("a time");
        let counted = count(vec![
            (ReportType::Hazard, Status::Submitted, at("2026-02-01T00:00:00Z")),
            (ReportType::Hazard, Status::Closed, at("2026-01-31T23:59:59Z")),
            (ReportType::NearMiss, Status::Closed, at("2026-01-01T00:00:00Z")),
        ]);
        let json = serde_json::to_value(&counted).expect("JSON");
        let expected = serde_json::json!({
            "total": 3,
            "byType": { "hazard": 2, "incident": 0, "near_miss": 1, "concern": 0, "observation": 0, "audit_finding": 0 },
            "byStatus": { "submitted": 1, "under_review": 0, "corrective_action": 0, "closed": 2 },
            "byMonth": [{ "month": "2026-01", "count": 2 }, { "month": "2026-02", "count": 1 }],
        });
        assert_eq!(json, expected);
    }
}
