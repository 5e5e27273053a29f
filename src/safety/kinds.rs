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
    /// The severity of the actual or possible harm.
    Severity as ReportSeverity {
        /// No harm is expected.
        Low = "low",
        /// Safety margins were reduced.
        Medium = "medium",
        /// Serious harm was possible.
        High = "high",
        /// Serious harm was done, or was prevented only by chance.
        Critical = "critical",
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
