//! All findings of a workspace, from their sources.

use super::filter::FindingFilter;
use super::keys;
use super::model::{Code, Facts, Found, Severity, Subject};
use super::number::FindingCache;
use crate::audit::ChainVerifier;
use crate::core::Core;
use crate::keys::hygiene::Sought;
use crate::members::{self, Role};
use crate::security::{self, SecurityPolicy, TwoFactorPolicy};
use crate::webhooks::{self, EndpointStatus};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// The largest number of findings with one code. As they are cleared, others take their place.
pub const MAX_OF_CODE: u64 = 200;

/// The parts of a node that findings are computed from.
#[derive(Clone, Copy, Debug)]
pub struct FindingSources<'a> {
    pub core: &'a Core,
    /// Scans of whole logs that somebody asked for.
    pub chains: &'a ChainVerifier,
    pub cache: &'a FindingCache,
}

/// Returns the findings of a workspace that match the filter, dismissed ones included, in no order.
pub(super) async fn collect(
    from: FindingSources<'_>,
    workspace: WorkspaceId,
    filter: &FindingFilter,
    limit: u64,
) -> DbResult<Vec<Found>> {
    let (db, now) = (from.core.db.read(), from.core.clock.now());
    let sought = Sought { workspace, key: filter.api_key_id, now, limit };
    let mut found = keys::collect(db, &sought, filter).await?;
    if filter.api_key_id.is_none() {
        if filter.wants(Code::WebhookDisabled) || filter.wants(Code::WebhookFailing) {
            found.extend(of_webhooks(db, workspace).await?);
        }
        if filter.wants(Code::MemberNoSecondFactor) {
            found.extend(without_factor(db, workspace, limit).await?);
        }
        if filter.wants(Code::OwnerAlone) {
            found.extend(owner_alone(db, workspace).await?);
        }
        if filter.wants(Code::ChainBroken) {
            found.extend(chain_broken(from, workspace, now).await?);
        }
    }
    found.retain(|found| filter.matches(found));
    Ok(found)
}

async fn of_webhooks(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<Found>> {
    let endpoints = webhooks::failing_or_disabled(db, workspace).await?;
    let found = endpoints.into_iter().filter_map(|endpoint| {
        let (subject, name) = (Subject::Webhook(endpoint.id), endpoint.name());
        match endpoint.status() {
            EndpointStatus::Disabled => {
                let facts = Facts::WebhookDisabled { name };
                Some(Found::new(subject, Severity::Critical, endpoint.health.disabled_at, facts))
            }
            EndpointStatus::Failing => {
                let facts = Facts::WebhookFailing { name };
                Some(Found::new(subject, Severity::Warning, endpoint.health.failing_since, facts))
            }
            EndpointStatus::Active | EndpointStatus::Inactive => None,
        }
    });
    Ok(found.collect())
}

async fn without_factor(db: &impl Source, workspace: WorkspaceId, limit: u64) -> DbResult<Vec<Found>> {
    let policy = security::policy_of(db, workspace).await?;
    let two_factor = policy.settings.two_factor_policy;
    let is_wanted = |role: Role| two_factor == TwoFactorPolicy::Recommended || two_factor.requires(role);
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| is_wanted(*role)).collect();
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let members = members::list_without_factor(db, workspace, &roles, limit).await?.0;
    let found = members.into_iter().map(|member| {
        let is_required = two_factor.requires(member.role);
        let severity = if is_required { Severity::Warning } else { Severity::Info };
        let since = required_since(&policy, member.role).map_or(member.created_at, |since| since.max(member.created_at));
        let facts = Facts::MemberNoSecondFactor { name: member.name, is_required };
        Found::new(Subject::Member(member.id), severity, Some(since), facts)
    });
    Ok(found.collect())
}

/// Returns the time since which a second factor is required of members of this role.
fn required_since(policy: &SecurityPolicy, role: Role) -> Option<Time> {
    let requirement = if role.is_administrator() { policy.admins } else { policy.others };
    requirement.map(|requirement| requirement.since)
}

async fn owner_alone(db: &impl Source, workspace: WorkspaceId) -> DbResult<Option<Found>> {
    let owners = members::with_role(db, workspace, &[Role::AccountOwner]).await?;
    let alone = Found::new(Subject::Workspace(workspace), Severity::Warning, None, Facts::OwnerAlone);
    Ok((owners.len() == 1).then_some(alone))
}

async fn chain_broken(from: FindingSources<'_>, workspace: WorkspaceId, now: Time) -> DbResult<Option<Found>> {
    let broken = |fault| Found::new(Subject::Workspace(workspace), Severity::Critical, None, Facts::ChainBroken(fault));
    if let Some(fault) = from.chains.known_fault(workspace) {
        return Ok(Some(broken(fault.to_string())));
    }
    if let Some(known) = from.cache.chain_fault(workspace, now) {
        return Ok(known.map(broken));
    }
    let fault = from.cache.verifier.fault(from.core, workspace).await?.map(|fault| fault.to_string());
    from.cache.note_chain(workspace, now, fault.clone());
    Ok(fault.map(broken))
}
