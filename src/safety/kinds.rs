//! Types, severities, statuses and confidentiality levels of safety reports, with their transitions.

kit::string_enum! {
    /// The type of a safety report.
    ReportType as ReportType {
        /// A condition that could cause harm.
        Hazard = "hazard",
        /// An event that affected safety.
        Incident = "incident",
        /// An event that nearly affected safety.
        NearMiss = "near_miss",
        /// A concern about safety.
        Concern = "concern",
        /// An observation without harm.
        Observation = "observation",
        /// A finding of an audit.
        AuditFinding = "audit_finding",
    }
}

kit::string_enum! {
    /// The severity of the harm that was done or could have been, after ICAO Doc 9859: `negligible` (hardly any consequence),
    /// `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety margins clearly reduced, a serious
    /// incident, persons injured), `hazardous` (safety margins largely reduced, serious injury, major damage), `catastrophic`
    /// (an aircraft lost, several deaths).
    Severity as ReportSeverity {
        Negligible = "negligible",
        Minor = "minor",
        Major = "major",
        Hazardous = "hazardous",
        Catastrophic = "catastrophic",
    }
}

kit::string_enum! {
    /// The severity in four steps: the only one that nodes of the previous version read and write.
    FormerSeverity as FormerReportSeverity {
        Low = "low",
        Medium = "medium",
        High = "high",
        Critical = "critical",
    }
}

impl From<Severity> for FormerSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Negligible | Severity::Minor => Self::Low,
            Severity::Major => Self::Medium,
            Severity::Hazardous => Self::High,
            Severity::Catastrophic => Self::Critical,
        }
    }
}

impl From<FormerSeverity> for Severity {
    fn from(former: FormerSeverity) -> Self {
        match former {
            FormerSeverity::Low => Self::Minor,
            FormerSeverity::Medium => Self::Major,
            FormerSeverity::High => Self::Hazardous,
            FormerSeverity::Critical => Self::Catastrophic,
        }
    }
}

kit::string_enum! {
    /// The status of the work on a report.
    Status as ReportStatus {
        /// The report is filed and not yet reviewed.
        Submitted = "submitted",
        /// The report is under review.
        UnderReview = "under_review",
        /// Corrective action is under way.
        CorrectiveAction = "corrective_action",
        /// The report is closed; it can be reopened.
        Closed = "closed",
    }
}

kit::string_enum! {
    /// The protection of the reporter's name.
    Confidentiality as Confidentiality {
        /// The name is shown with the report.
        Standard = "standard",
        /// The name is stored with the report and not shown.
        Confidential = "confidential",
        /// The name is not stored.
        Anonymous = "anonymous",
    }
}

impl Severity {
    /// Parses a severity that this version or the previous one recorded.
    pub fn from_record(word: &str) -> Option<Self> {
        word.parse().ok().or_else(|| word.parse::<FormerSeverity>().ok().map(Self::from))
    }
}

impl ReportType {
    /// Returns the prefix of report numbers.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Hazard => "HAZ",
            Self::Incident => "INC",
            Self::NearMiss => "NMS",
            Self::Concern => "CON",
            Self::Observation => "OBS",
            Self::AuditFinding => "AUF",
        }
    }
}

impl Status {
    /// Returns the statuses that can follow this one. A closed report is reviewed again before anything else.
    pub const fn next(self) -> &'static [Self] {
        match self {
            // A new report is closed at once if it is a duplicate or does not concern safety.
            Self::Submitted | Self::CorrectiveAction => &[Self::UnderReview, Self::Closed],
            Self::UnderReview => &[Self::CorrectiveAction, Self::Closed],
            Self::Closed => &[Self::UnderReview],
        }
    }

    /// Returns whether a report can go from this status to `other`. Keeping the status is always allowed.
    pub fn may_become(self, other: Self) -> bool {
        self == other || self.next().contains(&other)
    }
}

impl Confidentiality {
    /// Returns whether the audit log may name the reporter.
    pub const fn is_on_record(self) -> bool {
        matches!(self, Self::Standard)
    }

    /// Returns whether a report that was filed as `filed_as` can change from this level to `other`.
    ///
    /// A level is never relaxed, as the reporter was promised it. A report filed as standard can never be anonymous, as the audit
    /// log, from which nothing is removed, has named its reporter.
    pub fn may_become(self, other: Self, filed_as: Self) -> bool {
        other >= self && !(filed_as.is_on_record() && other == Self::Anonymous)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_status_can_be_reached_and_left() {
        for &from in Status::ALL {
            let mut reached = HashSet::from([from]);
            let mut frontier = vec![from];
            while let Some(status) = frontier.pop() {
                frontier.extend(status.next().iter().filter(|next| reached.insert(**next)));
            }
            let missing: Vec<_> = Status::ALL.iter().filter(|status| !reached.contains(*status)).collect();
            let beginning: &[_] = if from == Status::Submitted { &[] } else { &[&Status::Submitted] };
            assert_eq!(missing, beginning, "from {from}");
        }
    }

    #[test]
    fn closed_report_can_only_go_to_review() {
        assert_eq!(Status::Closed.next(), [Status::UnderReview]);
        assert!(!Status::Submitted.may_become(Status::CorrectiveAction));
    }

    #[test]
    fn prefixes_of_types_are_distinct() {
        let prefixes: HashSet<_> = ReportType::ALL.iter().map(|kind| kind.prefix()).collect();
        assert_eq!(prefixes.len(), ReportType::ALL.len());
        assert!(prefixes.iter().all(|prefix| prefix.len() == 3));
    }

    #[test]
    fn severity_of_the_previous_version_has_one_equivalent() {
        for former in FormerSeverity::ALL {
            assert_eq!(FormerSeverity::from(Severity::from(*former)), *former);
            assert_eq!(Severity::from_record(former.as_str()), Some(Severity::from(*former)));
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::from_record(severity.as_str()), Some(*severity));
        }
        assert_eq!(FormerSeverity::from(Severity::Negligible), FormerSeverity::Low);
        assert_eq!(Severity::from_record("awful"), None);
    }

    #[test]
    fn report_type_round_trips_as_text() {
        for kind in ReportType::ALL {
            assert_eq!(serde_json::json!(kind), kind.as_str());
            assert_eq!(kind.as_str().parse::<ReportType>().ok(), Some(*kind));
        }
        assert!("Hazard".parse::<ReportType>().is_err());
    }

    proptest! {
        #[test]
        fn confidentiality_is_never_relaxed_and_a_named_reporter_never_anonymous(
            filed in 0..3_usize,
            asked in proptest::collection::vec(0..3_usize, 0..12),
        ) {
            let filed = Confidentiality::ALL[filed];
            let mut kept = filed;
            for asked in asked.into_iter().map(|place| Confidentiality::ALL[place]) {
                if kept.may_become(asked, filed) {
                    prop_assert!(asked >= kept);
                    kept = asked;
                }
            }
            prop_assert!(!(filed.is_on_record() && kept == Confidentiality::Anonymous));
            prop_assert!(kept.may_become(kept, filed));
        }
    }
}
