//! Rate limits of requests, by member and by workspace.

use std::hash::Hash;
use std::time::Duration;

use super::moment::Moment;
use super::refusal::Limited;
use super::settings::{Limit, Settings};
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::limit::{Limits, Rate, RateLimited, WhenFull};

/// Members, or workspaces, that a limiter counts at a time; idle ones are removed.
const CAPACITY: usize = 100_000;

/// A kind of request with a rate limit of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    Read,
    Write,
    /// Revokes access, or is a step towards that.
    EndAccess,
}

/// Members of a workspace who share a limit. Two groups, so that other members cannot use up what administrators need.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    Administrators,
    Others,
}

/// The member whose limits a request counts towards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requester {
    pub member: MemberId,
    pub workspace: WorkspaceId,
    pub group: Group,
}

#[derive(Debug)]
pub(super) struct Rates {
    member_reads: Limiter<MemberId>,
    member_writes: Limiter<MemberId>,
    member_revocations: Limiter<MemberId>,
    member_reports: Limiter<MemberId>,
    reads: Limiter<(WorkspaceId, Group)>,
    writes: Limiter<(WorkspaceId, Group)>,
    key_writes: Limiter<WorkspaceId>,
}

impl Rates {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            member_reads: Limiter::new(settings, Limit::MemberReads),
            member_writes: Limiter::new(settings, Limit::MemberWrites),
            member_revocations: Limiter::new(settings, Limit::MemberRevocations),
            member_reports: Limiter::new(settings, Limit::MemberReports),
            reads: Limiter::new(settings, Limit::WorkspaceReads),
            writes: Limiter::new(settings, Limit::WorkspaceWrites),
            key_writes: Limiter::new(settings, Limit::KeyWrites),
        }
    }

    pub(super) fn try_acquire_member(&self, requester: Requester, call: Call, moment: Moment) -> Result<(), Limited> {
        let Requester { member, workspace, group } = requester;
        let (of_member, of_workspace) = match call {
            Call::Read => (&self.member_reads, &self.reads),
            Call::Write => (&self.member_writes, &self.writes),
            Call::EndAccess => return self.member_revocations.try_acquire(member, moment),
        };
        of_member.try_acquire(member, moment)?;
        // A refused request does not count.
        of_workspace.try_acquire((workspace, group), moment).inspect_err(|_| of_member.refund(&member, moment))
    }

    pub(super) fn try_acquire_key_write(&self, workspace: WorkspaceId, moment: Moment) -> Result<(), Limited> {
        self.key_writes.try_acquire(workspace, moment)
    }

    /// Each node allows the full rate: a report must not be refused because there are many nodes.
    pub(super) fn try_acquire_report(&self, member: MemberId, moment: Moment) -> Result<(), Limited> {
        self.member_reports.try_acquire(member, Moment { nodes: 1, ..moment })
    }

    pub(super) fn refund_report(&self, member: MemberId) {
        self.member_reports.refund(&member, Moment { at: Duration::ZERO, nodes: 1 });
    }
}

/// One rate limit for each of many callers; `None` for no limit.
#[derive(Debug)]
struct Limiter<K> {
    limit: Limit,
    limiter: Option<Limits<K>>,
}

impl<K: Hash + Eq> Limiter<K> {
    fn new(settings: &Settings, limit: Limit) -> Self {
        let rate = |figure| Rate { requests: u32::try_from(figure).unwrap_or(u32::MAX), per: limit.window() };
        let limiter = settings.get(limit).map(|figure| Limits::with_policy(rate(figure), CAPACITY, WhenFull::Admit));
        Self { limit, limiter }
    }

    fn try_acquire(&self, caller: K, moment: Moment) -> Result<(), Limited> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let refused = |RateLimited { retry_after, rate }| {
            let (limit, quota, window) = (self.limit, rate.requests.into(), rate.per);
            Limited { limit, quota, window, retry_after }
        };
        limiter.try_acquire_share(caller, moment.nodes, moment.at).map(|_left| ()).map_err(refused)
    }

    fn refund(&self, caller: &K, moment: Moment) {
        if let Some(limiter) = &self.limiter {
            limiter.refund_share(caller, moment.nodes);
        }
    }
}
