//! Types, severities, statuses and confidentiality of reports as text for people.

use crate::safety::kinds::{Confidentiality, ReportType, Severity, Status};
use kit::page::Badge;

/// Returns the status of a report as a badge.
pub const fn status(status: Status) -> Badge {
    match status {
        Status::Submitted => Badge::warn("Submitted"),
        Status::UnderReview => Badge::plain("Under review"),
        Status::CorrectiveAction => Badge::plain("Corrective action"),
        Status::Closed => Badge::good("Closed"),
    }
}

pub(super) const fn status_title(of: Status) -> &'static str {
    status(of).text
}

pub(super) const fn severity(severity: Severity) -> Badge {
    match severity {
        Severity::Negligible => Badge::plain("Negligible"),
        Severity::Minor => Badge::plain("Minor"),
        Severity::Major => Badge::warn("Major"),
        Severity::Hazardous => Badge::bad("Hazardous"),
        Severity::Catastrophic => Badge::bad("Catastrophic"),
    }
}

pub(super) const fn severity_title(of: Severity) -> &'static str {
    severity(of).text
}

pub(super) const fn type_title(report_type: ReportType) -> &'static str {
    match report_type {
        ReportType::Hazard => "Hazard",
        ReportType::Incident => "Incident",
        ReportType::NearMiss => "Near miss",
        ReportType::Concern => "Concern",
        ReportType::Observation => "Observation",
        ReportType::AuditFinding => "Audit finding",
    }
}

/// Returns what is shown in place of a reporter's name.
pub(super) const fn unnamed(confidentiality: Confidentiality) -> &'static str {
    match confidentiality {
        Confidentiality::Standard => "Not known",
        Confidentiality::Confidential => "Confidential: the name is not shown",
        Confidentiality::Anonymous => "Anonymous: the name is not stored",
    }
}

/// Returns the title of a level of confidentiality, and what it promises.
pub(super) const fn promise(confidentiality: Confidentiality) -> (&'static str, &'static str) {
    match confidentiality {
        Confidentiality::Standard => ("With my name", "Your name is shown with the report. You can see the report later."),
        Confidentiality::Confidential => (
            "Confidential",
            "Your name is stored with the report and never shown. The audit log and the access log do not have it. The report is not \
             listed among yours.",
        ),
        Confidentiality::Anonymous => (
            "Anonymous",
            "Your name is not stored: not with the report, not in the audit log, not in the access log. No one can tell you about \
             progress. The report is not listed among yours.",
        ),
    }
}
