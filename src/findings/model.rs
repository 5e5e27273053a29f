//! Findings, and their rules that need no database.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::keys::KeyId;
use crate::keys::hygiene::Networks;
use crate::members::MemberId;
use crate::scopes::Scopes;
use crate::webhooks::EndpointId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::page::number::plural;
use kit::paging::Position;

kit::ids! {
    /// A finding: derived from its code and what it is about.
    FindingId = "finding";
}

kit::string_enum! {
    /// The kind of a finding, the most urgent first.
    Code as FindingCode {
        /// The audit chain does not fit.
        ChainBroken = "chain_broken",
        /// The server switched a webhook off.
        WebhookDisabled = "webhook_disabled",
        /// The activity of a key was unusual in the last 7 days.
        Unusual = "unusual",
        /// An active key expires within 14 days.
        KeyExpiring = "key_expiring",
        /// A revoked or expired key was called in the last 24 hours.
        KeyRevokedCalls = "key_revoked_calls",
        /// An old key was not revoked at the end of its rotation: it is still in use, or no active key replaces it.
        RotationBlocked = "rotation_blocked",
        /// No request to a webhook has succeeded lately.
        WebhookFailing = "webhook_failing",
        /// The workspace has only one account owner.
        OwnerAlone = "owner_alone",
        /// A member has no second factor although one is recommended or required.
        MemberNoSecondFactor = "member_no_second_factor",
        /// A key has no custodian: that member left the workspace, or no one was named.
        KeyOrphaned = "key_orphaned",
        /// A key that can write may be used from everywhere, and is used from at most 4 networks.
        KeyEverywhere = "key_everywhere",
        /// A key has scopes that it did not use in the last 30 days.
        KeyExcess = "key_excess",
        /// An active key does not expire.
        KeyNoExpiry = "key_no_expiry",
        /// An active key is due for rotation.
        KeyOld = "key_old",
        /// A key was not used for 30 days, or never within 7 days of its creation.
        KeyUnused = "key_unused",
    }
}

kit::string_enum! {
    /// The urgency of a finding.
    Severity as FindingSeverity {
        Critical = "critical",
        Warning = "warning",
        Info = "info",
    }
}

/// The key, member, webhook or workspace that a finding is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    Key(KeyId),
    Member(MemberId),
    Webhook(EndpointId),
    Workspace(WorkspaceId),
}

impl Subject {
    pub(super) const fn key(self) -> Option<KeyId> {
        match self {
            Self::Key(id) => Some(id),
            Self::Member(_) | Self::Webhook(_) | Self::Workspace(_) => None,
        }
    }

    pub(super) const fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(id) => Some(id),
            Self::Key(_) | Self::Webhook(_) | Self::Workspace(_) => None,
        }
    }

    pub(super) const fn webhook(self) -> Option<EndpointId> {
        match self {
            Self::Webhook(id) => Some(id),
            Self::Key(_) | Self::Member(_) | Self::Workspace(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::Member(id) => id.fmt(f),
            Self::Webhook(id) => id.fmt(f),
            Self::Workspace(id) => id.fmt(f),
        }
    }
}

impl FindingId {
    /// Returns the id of the finding with this code about this subject.
    pub(super) fn of(code: Code, subject: Subject) -> Self {
        let hash =
            Sha256::new().chain_update("finding").chain_update(code.as_str()).chain_update([0]).chain_update(subject.to_string());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Uuid::from_bytes(bytes))
    }
}

/// The facts about the subject of a finding that its sentence needs.
#[derive(Clone, Debug)]
pub(super) enum Facts {
    /// The fault of the chain as a sentence.
    ChainBroken(String),
    WebhookDisabled {
        name: String,
    },
    /// The activity as a sentence without its subject.
    Unusual(String),
    KeyExpiring {
        at: Time,
    },
    KeyRevokedCalls {
        last: Time,
        from: String,
    },
    RotationBlocked,
    WebhookFailing {
        name: String,
    },
    OwnerAlone,
    MemberNoSecondFactor {
        name: String,
        is_required: bool,
    },
    KeyOrphaned,
    KeyEverywhere(Networks),
    KeyExcess(Scopes),
    KeyNoExpiry,
    KeyOld {
        created: Time,
    },
    KeyUnused {
        created: Time,
        last: Option<Time>,
    },
}

impl Facts {
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::ChainBroken(_) => Code::ChainBroken,
            Self::WebhookDisabled { .. } => Code::WebhookDisabled,
            Self::Unusual(_) => Code::Unusual,
            Self::KeyExpiring { .. } => Code::KeyExpiring,
            Self::KeyRevokedCalls { .. } => Code::KeyRevokedCalls,
            Self::RotationBlocked => Code::RotationBlocked,
            Self::WebhookFailing { .. } => Code::WebhookFailing,
            Self::OwnerAlone => Code::OwnerAlone,
            Self::MemberNoSecondFactor { .. } => Code::MemberNoSecondFactor,
            Self::KeyOrphaned => Code::KeyOrphaned,
            Self::KeyEverywhere(_) => Code::KeyEverywhere,
            Self::KeyExcess(_) => Code::KeyExcess,
            Self::KeyNoExpiry => Code::KeyNoExpiry,
            Self::KeyOld { .. } => Code::KeyOld,
            Self::KeyUnused { .. } => Code::KeyUnused,
        }
    }
}

/// A finding without its words.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: FindingId,
    pub(super) subject: Subject,
    pub(super) facts: Facts,
    pub(super) severity: Severity,
    /// The time at which the cause began, if it is known.
    pub(super) since: Option<Time>,
    /// True if the key has an active successor.
    pub(super) is_rotating: bool,
}

/// The bits of a position that hold the time: microseconds until the year 2112.
const TIME_BITS: u32 = 52;

impl Severity {
    /// Returns whether a finding of this severity needs attention, and is no mere information.
    pub const fn is_urgent(self) -> bool {
        match self {
            Self::Critical | Self::Warning => true,
            Self::Info => false,
        }
    }
}

impl Top {
    /// Returns the number of findings that are only information, in words; `None` if there are none.
    pub fn notes_in_words(&self) -> Option<String> {
        (self.notes > 0).then(|| plural(self.notes, "finding"))
    }
}

impl Found {
    pub(super) fn new(subject: Subject, severity: Severity, since: Option<Time>, facts: Facts) -> Self {
        Self { id: FindingId::of(facts.code(), subject), subject, facts, severity, since, is_rotating: false }
    }

    pub(super) const fn code(&self) -> Code {
        self.facts.code()
    }

    /// Returns whether a dismissal of this time is about an earlier cause: unusual activity is looked at once.
    pub(super) fn is_newer_than(&self, dismissed_at: Time) -> bool {
        self.code() == Code::Unusual && self.since.is_some_and(|since| since > dismissed_at)
    }

    /// Returns the position in the list: severity, code, time and id.
    pub(super) fn position(&self) -> Position {
        let urgency = ((self.severity as i64) << 5) | self.code() as i64;
        let time = self.since.map_or(0, Time::micros).clamp(0, (1 << TIME_BITS) - 1);
        Position::ranked((urgency << TIME_BITS) | time, self.id.0)
    }
}

/// The page that a finding leads to, and the text of its button.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FindingRemedy)]
pub struct Remedy {
    pub label: String,
    /// The path of a page of this server.
    pub href: String,
}

/// Something that needs the attention of an administrator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable: derived from the code and what the finding is about.
    pub id: FindingId,
    pub code: Code,
    /// `info` for a key whose rotation is under way.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The key that it is about.
    pub api_key_id: Option<KeyId>,
    /// The member that it is about.
    pub member_id: Option<MemberId>,
    /// The webhook that it is about.
    pub webhook_id: Option<EndpointId>,
    /// The time at which the cause began; `null` if it is unknown.
    pub since: Option<Time>,
    pub remedy: Remedy,
    /// The name of the key, person or webhook, for pages.
    #[serde(skip)]
    #[schema(ignore)]
    pub name: Option<String>,
}

/// The most urgent findings of a workspace that need attention.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Top {
    pub first: Vec<Finding>,
    /// The number of all that need attention.
    pub total: u64,
    /// The number of those that are only information.
    pub notes: u64,
    /// The time of the check.
    pub checked_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(facts: Facts, severity: Severity, since: i64) -> Found {
        let subject = Subject::Key(KeyId(Uuid::from_u128(7)));
        Found::new(subject, severity, Time::from_micros(since), facts)
    }

    #[test]
    fn id_follows_from_code_and_subject() {
        let (key, other) = (Subject::Key(KeyId(Uuid::from_u128(7))), Subject::Key(KeyId(Uuid::from_u128(8))));
        assert_eq!(FindingId::of(Code::KeyOld, key), FindingId::of(Code::KeyOld, key));
        assert_ne!(FindingId::of(Code::KeyOld, key), FindingId::of(Code::KeyUnused, key));
        assert_ne!(FindingId::of(Code::KeyOld, key), FindingId::of(Code::KeyOld, other));
        let id = FindingId::of(Code::KeyOld, key);
        assert_eq!(id.to_string().parse::<FindingId>().ok(), Some(id));
    }

    #[test]
    fn more_urgent_findings_come_first() {
        let (now, created) = (1_800_000_000_000_000, Time::FIRST);
        let positions = [
            found(Facts::OwnerAlone, Severity::Critical, now),
            found(Facts::KeyExpiring { at: created }, Severity::Warning, 1),
            found(Facts::KeyExpiring { at: created }, Severity::Warning, now),
            found(Facts::KeyOld { created }, Severity::Warning, 0),
            found(Facts::KeyExpiring { at: created }, Severity::Info, 0),
        ];
        let ranks: Vec<_> = positions.iter().map(|found| found.position().as_ranked()).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }
}
