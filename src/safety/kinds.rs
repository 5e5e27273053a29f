//! The vocabulary of reports, and which move of one word to another is known.

kit::string_enum! {
    /// What is reported.
    ReportType as ReportType {
        /// Something that could cause harm.
        Hazard = "hazard",
        /// Something that affected safety.
        Incident = "incident",
        /// Something that nearly did.
        NearMiss = "near_miss",
        /// A worry.
        Concern = "concern",
        /// Something that was seen.
        Observation = "observation",
        /// What an audit found.
        AuditFinding = "audit_finding",
    }
}

kit::string_enum! {
    /// How bad it is or could have been.
    Severity as ReportSeverity {
        /// No harm to be expected.
        Low = "low",
        /// Margins were reduced.
        Medium = "medium",
        /// Serious harm was possible.
        High = "high",
        /// Serious harm was done, or prevented by chance alone.
        Critical = "critical",
    }
}

kit::string_enum! {
    /// How far the work on it is.
    Status as ReportStatus {
        /// Filed; nobody has looked at it yet.
        Submitted = "submitted",
        /// Being looked at.
        UnderReview = "under_review",
        /// Something is being done about it.
        CorrectiveAction = "corrective_action",
        /// Done with; it may be opened again.
        Closed = "closed",
    }
}

kit::string_enum! {
    /// What becomes of the reporter's name.
    Confidentiality as Confidentiality {
        /// It is shown with the report.
        Standard = "standard",
        /// It is stored with the report and not shown.
        Confidential = "confidential",
        /// It is not stored.
        Anonymous = "anonymous",
    }
}

impl ReportType {
    /// What its numbers begin with.
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
    /// Where it may go from here. Whatever is closed is reviewed anew before anything else is done about it.
    pub const fn next(self) -> &'static [Self] {
        match self {
            // What was just filed is closed at once if it is a duplicate, or nothing to do with safety.
            Self::Submitted | Self::CorrectiveAction => &[Self::UnderReview, Self::Closed],
            Self::UnderReview => &[Self::CorrectiveAction, Self::Closed],
            Self::Closed => &[Self::UnderReview],
        }
    }

    /// Whether the move is known; staying is always.
    pub fn may_become(self, other: Self) -> bool {
        self == other || self.next().contains(&other)
    }
}

impl Confidentiality {
    /// Whether the audit log may say who filed the report.
    pub const fn is_on_record(self) -> bool {
        matches!(self, Self::Standard)
    }

    /// Whether a report that was filed under another promise, `filed_as`, can have this one changed to `other`.
    ///
    /// It never loosens: a promise was given. And what was filed as standard can never be anonymous: the audit log,
    /// from which nothing is removed, has said who filed it.
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
    fn a_closed_report_is_reviewed_before_anything_else() {
        assert_eq!(Status::Closed.next(), [Status::UnderReview]);
        assert!(!Status::Submitted.may_become(Status::CorrectiveAction));
    }

    #[test]
    fn prefixes_tell_the_types_apart() {
        let prefixes: HashSet<_> = ReportType::ALL.iter().map(|kind| kind.prefix()).collect();
        assert_eq!(prefixes.len(), ReportType::ALL.len());
        assert!(prefixes.iter().all(|prefix| prefix.len() == 3));
    }

    #[test]
    fn a_word_is_read_as_it_is_written() {
        for kind in ReportType::ALL {
            assert_eq!(serde_json::json!(kind), kind.as_str());
            assert_eq!(kind.as_str().parse::<ReportType>().ok(), Some(*kind));
        }
        assert!("Hazard".parse::<ReportType>().is_err());
    }

    proptest! {
        #[test]
        fn confidentiality_never_loosens_and_what_the_log_has_named_is_never_anonymous(
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
