//! Rows of keys and of their usage, with the fields that responses have.

use planeconnection::members::MemberId;
use planeconnection::scopes::{Scope, Scopes};
use serde::Serialize;
use uuid::Uuid;

use crate::driver::{FromRow, Row};
use crate::fields::{At, Id, Json};
use crate::rows::Person;

/// A key; the fields that are not columns of its table are set afterwards.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    pub(super) id: Id,
    name: String,
    description: Option<String>,
    hint: String,
    test: bool,
    permissions: String,
    scopes: Vec<Scope>,
    status: &'static str,
    created_at: At,
    created_by: Person,
    pub(super) custodian: Option<Person>,
    #[serde(skip)]
    pub(super) custodian_id: Option<MemberId>,
    expires_at: Option<At>,
    pub(super) last_used_at: Option<At>,
    pub(super) last_used_ip: Option<String>,
    paused_at: Option<At>,
    paused_by: Option<Person>,
    paused_until: Option<At>,
    paused_everywhere_at: Option<At>,
    revoked_at: Option<At>,
    revoked_by: Option<Person>,
    revoke_reason: Option<String>,
    refused_everywhere_at: Option<At>,
    rotated_from: Option<Id>,
    pub(super) rotated_to: Option<Id>,
    revoke_old_at: Option<At>,
    revoke_old_forced: bool,
    rotation_blocked_at: Option<At>,
    ip_allowlist: Vec<String>,
    rate_limit: Option<RateLimit>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    requests: i32,
    per_seconds: i32,
}

impl FromRow for Key {
    fn from_row(row: &impl Row) -> Self {
        let created_by = Person { id: row.column(15), name: row.column(16) };
        let custodian: Option<String> = row.column(32);
        let limit: (Option<i32>, Option<i32>) = (row.column(12), row.column(13));
        let revoked_at: Option<At> = row.column(25);
        Self {
            id: Id("key_", row.column(0)),
            hint: row.column(3),
            name: row.column(4),
            description: row.column(8),
            permissions: row.column(9),
            scopes: Scopes::from_bits(row.column::<i16>(10).cast_unsigned()).iter().collect(),
            ip_allowlist: row.column::<Option<Json<Vec<String>>>>(11).map(|Json(blocks)| blocks).unwrap_or_default(),
            rate_limit: limit.0.zip(limit.1).map(|(requests, per_seconds)| RateLimit { requests, per_seconds }),
            created_at: row.column(14),
            custodian_id: custodian.as_ref().unwrap_or(&created_by.id).parse().ok(),
            created_by,
            custodian: None,
            expires_at: row.column(17),
            paused_at: row.column(20),
            paused_until: row.column(21),
            paused_by: Person::in_columns(row, 22),
            paused_everywhere_at: row.column(24),
            // None is paused or expires.
            status: if revoked_at.is_some() { "revoked" } else { "active" },
            revoked_at,
            revoked_by: Person::in_columns(row, 26),
            revoke_reason: row.column(28),
            refused_everywhere_at: row.column(29),
            rotated_from: row.column::<Option<Uuid>>(30).map(|id| Id("key_", id)),
            rotated_to: None,
            revoke_old_at: row.column(33),
            revoke_old_forced: row.column(34),
            rotation_blocked_at: row.column(35),
            test: row.column::<Option<Uuid>>(36).is_some(),
            last_used_at: None,
            last_used_ip: None,
        }
    }
}

pub(super) struct LastUse {
    pub(super) key: Uuid,
    pub(super) at: At,
    pub(super) ip: String,
}

impl FromRow for LastUse {
    fn from_row(row: &impl Row) -> Self {
        Self { key: row.column(0), at: row.column(1), ip: row.column(2) }
    }
}

/// A key that replaces another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Successor {
    pub(super) created_at: At,
    pub(super) id: Uuid,
    pub(super) of: Option<Uuid>,
}

impl FromRow for Successor {
    fn from_row(row: &impl Row) -> Self {
        Self { created_at: row.column(0), id: row.column(1), of: row.column(2) }
    }
}

pub(super) struct Member {
    pub(super) id: Uuid,
    pub(super) name: String,
}

impl FromRow for Member {
    fn from_row(row: &impl Row) -> Self {
        Self { id: row.column(0), name: row.column(3) }
    }
}

/// Requests with a key in an hour that needed one scope.
pub(super) struct Hour {
    pub(super) start: At,
    pub(super) scope: i16,
    pub(super) allowed: i64,
    pub(super) denied: i64,
}

impl FromRow for Hour {
    fn from_row(row: &impl Row) -> Self {
        Self { start: row.column(2), scope: row.column(3), allowed: row.column(4), denied: row.column(5) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    ip: String,
    first_used_at: At,
    last_used_at: At,
}

impl FromRow for Address {
    fn from_row(row: &impl Row) -> Self {
        Self { ip: row.column(2), first_used_at: row.column(3), last_used_at: row.column(4) }
    }
}
