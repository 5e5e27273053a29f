//! A report, what may be asked of it, and the rules that need no database.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kinds::{Confidentiality, ReportType, Severity, Status};
use crate::audit::Actor;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::{Since, Time, Until};
use kit::http::{Check, present};
use kit::text::{Line, MultilineText};

kit::ids! {
    /// A safety report.
    ReportId = "rpt";
}

/// What a report is called.
pub type Title = Line<3, 200>;
/// What happened.
pub type Description = MultilineText<50, 10_000>;
/// Where it happened.
pub type Location = Line<1, 200>;

/// How far a reporter's clock may be ahead of ours.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Who filed a report, as they were called at the time: a member, or the key of the application that filed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Reporter {
    /// The member's or the key's id, or `operator` for the command line.
    pub id: String,
    /// Their name.
    pub name: String,
}

impl From<Actor> for Reporter {
    fn from(actor: Actor) -> Self {
        let (id, name) = actor.into_id_and_name();
        Self { id, name }
    }
}

/// A report as it is kept.
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
    /// The confidentiality it had at first; not on the wire.
    pub filed_as: Confidentiality,
    /// Never there for an anonymous report; not to be shown but for a standard one: see [`Report::shown_reporter`].
    pub reporter: Option<Reporter>,
    pub assigned_to: Option<MemberId>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Report {
    /// The reporter, if the report's confidentiality lets others see them.
    pub fn shown_reporter(&self) -> Option<&Reporter> {
        self.reporter.as_ref().filter(|_| self.confidentiality == Confidentiality::Standard)
    }
}

/// `HAZ-2026-0007`: four digits, or as many as it takes.
pub(super) fn number(report_type: ReportType, year: i16, count: i64) -> String {
    format!("{}-{year}-{count:04}", report_type.prefix())
}

/// Whether a report filed `now` may speak of `time`.
pub(super) fn has_occurred(time: Time, now: Time) -> bool {
    time <= now.after(TOLERANCE)
}

/// A new report. Who files it is taken from the credential.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateReport {
    /// What is reported; the number begins with it, so it cannot be changed later.
    pub report_type: ReportType,
    /// In a line.
    pub title: Title,
    /// At length: 50 to 10,000 characters.
    pub description: Description,
    /// Where: an airport, a hangar, a position.
    #[serde(default)]
    pub location: Option<Location>,
    /// When; not in the future.
    pub occurred_at: Time,
    /// How bad; left out or `null` while nobody has assessed it.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// What becomes of the reporter's name. Left out: `standard`.
    #[serde(default = "usual")]
    #[schema(default = "standard")]
    pub confidentiality: Confidentiality,
    /// The member who is to look into it; not for pilots, who file reports and assign none.
    #[serde(default)]
    pub assigned_to: Option<MemberId>,
}

fn usual() -> Confidentiality {
    Confidentiality::Standard
}

impl Check for CreateReport {}

/// Changes to a report.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateReport {
    /// Another title.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Title, required = false)]
    pub title: Option<Title>,
    /// Another description.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Description, required = false)]
    pub description: Option<Description>,
    /// Another place; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Location>)]
    pub location: Option<Option<Location>>,
    /// Another time; not in the future.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Time, required = false)]
    pub occurred_at: Option<Time>,
    /// Another assessment.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Severity, required = false)]
    pub severity: Option<Severity>,
    /// `submitted` → `under_review` → `corrective_action` → `closed`. Anything can be closed at any time, corrective
    /// action can go back to review, and what is closed can be reviewed again.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// Stricter than before; becoming `anonymous` erases the reporter. It never loosens, and what was filed as
    /// `standard` cannot become `anonymous`, but `confidential`: the audit log has recorded who filed it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Confidentiality, required = false)]
    pub confidentiality: Option<Confidentiality>,
    /// Another member to look into it; `null`: nobody.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MemberId>)]
    pub assigned_to: Option<Option<MemberId>>,
}

impl Check for UpdateReport {}

/// Which reports to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportFilter {
    /// Only reports in this state.
    pub status: Option<Status>,
    /// Only reports of this type.
    pub report_type: Option<ReportType>,
    /// Only reports assessed so.
    pub severity: Option<Severity>,
    /// Only what occurred from this time or day on (UTC).
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Only what occurred up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_at_least_four_digits() {
        assert_eq!(number(ReportType::Hazard, 2026, 7), "HAZ-2026-0007");
        assert_eq!(number(ReportType::AuditFinding, 2027, 12_345), "AUF-2027-12345");
    }

    #[test]
    fn a_report_may_be_five_minutes_ahead_of_our_clock_and_no_more() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        assert!(has_occurred(now.after(Duration::from_mins(5)), now));
        assert!(!has_occurred(now.after(Duration::from_secs(301)), now));
    }
}
