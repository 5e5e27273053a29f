//! Errors of limits and quotas, and their map to HTTP responses.

use std::time::Duration;

use axum::http::StatusCode;

use super::settings::Limit;
use super::shares::ShareExhausted;
use kit::http::{ApiError, Policy};
use kit::page::number::{grouped, plural};

/// A request beyond a rate limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limited {
    pub limit: Limit,
    pub quota: u64,
    /// The time in which `quota` requests or bytes are allowed.
    pub window: Duration,
    pub retry_after: Duration,
}

impl Limited {
    /// Returns the seconds for `Retry-After`, rounded up.
    pub fn seconds(&self) -> u64 {
        (self.retry_after.as_secs() + u64::from(self.retry_after.subsec_nanos() > 0)).max(1)
    }

    fn message(&self) -> String {
        let (most, wait) = (grouped(self.quota), wait(self.seconds()));
        match self.limit {
            Limit::MemberReads => format!("You have sent too many requests: {most} a minute are allowed. Try again in {wait}."),
            Limit::MemberWrites => {
                format!("You have made too many changes: {most} a minute are allowed. Try again in {wait}.")
            }
            Limit::MemberReports => {
                format!("You have filed {most} reports in an hour, which is the limit. Try again in {wait}.")
            }
            Limit::KeyWrites => {
                format!(
                    "The API keys of this workspace write too much: {most} writes a minute are allowed for all keys together. Try again in {wait}."
                )
            }
            Limit::StoredBytes => {
                format!(
                    "This workspace has reached its daily storage limit, {}. Try again in {wait}, or ask the operator of this server to raise stored-bytes.",
                    bytes(self.quota)
                )
            }
            Limit::WorkspaceReads | Limit::WorkspaceWrites => {
                format!(
                    "The members of this workspace send too many requests: {most} a minute are allowed for all members together. Try again in {wait}."
                )
            }
            _ => format!("Too many requests: {most} a minute are allowed. Try again in {wait}."),
        }
    }
}

/// Formats a time as “1 second”, “40 seconds” or “5 minutes”, rounded up.
fn wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

fn bytes(number: u64) -> String {
    match number {
        0..0x10_0000 => format!("{} bytes", grouped(number)),
        0x10_0000..0x4000_0000 => format!("{} MiB", number >> 20),
        _ => format!("{} GiB", number >> 30),
    }
}

impl From<Limited> for ApiError {
    fn from(limited: Limited) -> Self {
        let unit = (limited.limit == Limit::StoredBytes).then_some("content-bytes");
        let policy = Policy { name: limited.limit.as_str(), quota: limited.quota, window: limited.window, unit };
        Self::limited(limited.message(), policy, limited.seconds())
    }
}

/// A quota that is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct Exceeded {
    pub quota: Limit,
    pub most: u64,
}

impl Exceeded {
    fn message(&self) -> String {
        let (what, remedy) = match self.quota {
            Limit::ActiveKeys => {
                (format!("this workspace has {}", plural(self.most, "active key")), "revoke keys that are no longer needed")
            }
            Limit::NewKeys => (format!("this workspace has made {} in the last 24 hours", plural(self.most, "key")), "wait"),
            Limit::Members => (format!("this workspace has {}", plural(self.most, "member")), "remove members who have left"),
            Limit::Invitations => (
                format!("this workspace has {}", plural(self.most, "open invitation")),
                "wait until some are accepted, or remove some of them",
            ),
            _ => (format!("there are {}", grouped(self.most)), "wait"),
        };
        format!("{what}, the maximum: {remedy}, or ask the operator of this server to raise {}", self.quota)
    }
}

impl From<Exceeded> for ApiError {
    fn from(exceeded: Exceeded) -> Self {
        let message = kit::text::sentence(exceeded);
        Self::new(StatusCode::CONFLICT, "QUOTA_EXCEEDED", message)
            .with("quota", exceeded.quota.as_str())
            .with("limit", exceeded.most)
    }
}

/// An export that was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportRefused {
    /// The caller has a running export.
    Own,
    /// The workspace has the maximum of running exports.
    Workspace,
    /// The node has the maximum of running exports.
    Node,
}

/// Seconds for `Retry-After` if too many exports run.
const EXPORT_WAIT: u64 = 30;

impl ExportRefused {
    pub(super) const fn limit(self) -> Limit {
        match self {
            Self::Own | Self::Workspace => Limit::Exports,
            Self::Node => Limit::NodeExports,
        }
    }
}

impl From<ExportRefused> for ApiError {
    fn from(refused: ExportRefused) -> Self {
        match refused {
            ExportRefused::Own => Self::new(
                StatusCode::CONFLICT,
                "EXPORT_IN_PROGRESS",
                "You already have an export running. Wait until it ends, or stop it, and export again.",
            ),
            ExportRefused::Workspace => {
                Self::rate_limited("Too many exports of this workspace are running. Try again in half a minute.", EXPORT_WAIT)
            }
            ExportRefused::Node => {
                Self::rate_limited("Too many exports are running on this server. Try again in half a minute.", EXPORT_WAIT)
            }
        }
    }
}

impl From<ShareExhausted> for ApiError {
    fn from(_: ShareExhausted) -> Self {
        Self::rate_limited("Too many requests of this workspace are being answered at once. Try again in a second.", 1)
    }
}
