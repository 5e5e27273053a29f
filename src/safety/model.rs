//! A safety report, the inputs that change it, and the rules that need no database.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{Confidentiality, ReportType, Severity, Status};
use crate::audit::Actor;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::{Since, Time, Until};
use kit::http::{Check, FieldErrors, present};
use kit::text::{Line, MultilineText};

kit::ids! {
    ReportId = "rpt";
}

/// The title of a report: 3 to 200 characters.
pub type Title = Line<3, 200>;
/// The description of a report: 50 to 10,000 characters.
pub type Description = MultilineText<50, 10_000>;
/// The place of the occurrence: 1 to 200 characters.
pub type Location = Line<1, 200>;

/// The tolerated lead of a reporter's clock.
const TOLERANCE: Duration = Duration::from_mins(5);

/// The member or the API key that filed a report, by its name at the time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Reporter {
    /// The member's or the key's id, or `operator` for the command line.
    pub id: String,
    /// The name at the time of filing.
    pub name: String,
}

impl From<Actor> for Reporter {
    fn from(actor: Actor) -> Self {
        let (id, name) = actor.into_id_and_name();
        Self { id, name }
    }
}

/// The reports of a workspace that a caller can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readable {
    All,
    /// The reports that this member filed as `standard`. A report that was filed in confidence is not shown even to its reporter:
    /// their list would disclose them to anyone who sees it.
    FiledByName(MemberId),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    pub id: ReportId,
    pub workspace: WorkspaceId,
    pub number: String,
    pub report_type: ReportType,
    pub title: String,
    pub description: String,
    pub location: Option<String>,
    pub occurred_at: Time,
    pub severity: Option<Severity>,
    pub status: Status,
    pub confidentiality: Confidentiality,
    /// The confidentiality at the time of filing; not part of the API.
    pub filed_as: Confidentiality,
    /// `None` for an anonymous report. Shown only for a standard one: see [`Report::shown_reporter`].
    pub reporter: Option<Reporter>,
    pub assigned_to: Option<MemberId>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Report {
    /// Returns the reporter, if the confidentiality of the report allows it.
    pub fn shown_reporter(&self) -> Option<&Reporter> {
        self.reporter.as_ref().filter(|_| self.confidentiality == Confidentiality::Standard)
    }
}

/// Formats a report number with at least four digits: `HAZ-2026-0007`.
pub(super) fn number(report_type: ReportType, year: i16, count: i64) -> String {
    format!("{}-{year}-{count:04}", report_type.prefix())
}

/// Returns whether `time` is in the past, within the tolerance for the reporter's clock.
pub(super) fn has_occurred(time: Time, now: Time) -> bool {
    time <= now.after(TOLERANCE)
}

/// A new report. The reporter is taken from the credential.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateReport {
    /// The type. It is part of the report's number and cannot be changed later.
    pub report_type: ReportType,
    /// A title in one line.
    pub title: Title,
    /// A description of 50 to 10,000 characters.
    pub description: Description,
    /// The place: an airport, a hangar, a position.
    #[serde(default)]
    pub location: Option<Location>,
    /// The time of the occurrence; not in the future.
    pub occurred_at: Time,
    /// The severity; left out or `null` until it is assessed.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The protection of the reporter's name; `standard` if left out.
    #[serde(default = "usual")]
    #[schema(default = "standard")]
    pub confidentiality: Confidentiality,
    /// The member who is to investigate. Pilots and dispatchers file reports and cannot assign them.
    #[serde(default)]
    pub assigned_to: Option<MemberId>,
}

fn usual() -> Confidentiality {
    Confidentiality::Standard
}

impl Check for CreateReport {}

/// Changes to a report; a field that is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateReport {
    /// The new title in one line.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Title, required = false)]
    pub title: Option<Title>,
    /// The new description of 50 to 10,000 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Description, required = false)]
    pub description: Option<Description>,
    /// The place of the occurrence; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Location>)]
    pub location: Option<Option<Location>>,
    /// The time of the occurrence; not in the future.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Time, required = false)]
    pub occurred_at: Option<Time>,
    /// The severity, as assessed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Severity, required = false)]
    pub severity: Option<Severity>,
    /// `submitted` → `under_review` → `corrective_action` → `closed`. A report can be closed at any time, can go from corrective
    /// action back to review, and can be reviewed again after it was closed.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// A stricter protection of the reporter's name; `anonymous` erases it. It cannot be relaxed. A report filed as `standard` can
    /// become `confidential` but not `anonymous`, as the audit log has recorded the reporter.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Confidentiality, required = false)]
    pub confidentiality: Option<Confidentiality>,
    /// The member who is to investigate; `null` for no member.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MemberId>)]
    pub assigned_to: Option<Option<MemberId>>,
}

impl Check for UpdateReport {}

/// A filter on safety reports.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportFilter {
    /// Only reports with this status.
    pub status: Option<Status>,
    /// Only reports of this type.
    pub report_type: Option<ReportType>,
    /// Only reports of this severity.
    pub severity: Option<Severity>,
    /// Only occurrences at this time or later, or on this day or later (UTC).
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Only occurrences until this time, or until the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
}

impl Check for ReportFilter {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["date_from", "date_to"], self.date_from.map(|from| from.0), self.date_to.map(|to| to.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_number_has_at_least_four_digits() {
        assert_eq!(number(ReportType::Hazard, 2026, 7), "HAZ-2026-0007");
        assert_eq!(number(ReportType::AuditFinding, 2027, 12_345), "AUF-2027-12345");
    }

    #[test]
    fn occurrence_may_be_at_most_five_minutes_ahead() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        assert!(has_occurred(now.after(Duration::from_mins(5)), now));
        assert!(!has_occurred(now.after(Duration::from_secs(301)), now));
    }
}
