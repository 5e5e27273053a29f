//! A page of findings.

use std::collections::HashMap;

use super::collect::{FindingSources, MAX_OF_CODE, collect};
use super::filter::FindingFilter;
use super::model::{Finding, FindingId, Found, Top};
use super::store;
use super::words::worded;
use crate::keys::{KeyId, hygiene};
use crate::workspaces::{Tenant, WorkspaceId};
use kit::db::{DbResult, Source};
use kit::page::Moments;
use kit::paging::{Page, Paging, Start};

/// Returns the findings that match the filter and are not dismissed, the most urgent first.
async fn sorted(from: FindingSources<'_>, workspace: WorkspaceId, filter: &FindingFilter) -> DbResult<Vec<Found>> {
    let dismissed = store::dismissed(from.core.db.read(), workspace, from.core.clock.now()).await?;
    let mut found = collect(from, workspace, filter, MAX_OF_CODE + dismissed.len() as u64).await?;
    found.retain(|found| dismissed.get(&found.id).is_none_or(|at| found.is_newer_than(*at)));
    found.sort_unstable_by_key(|found| found.position().as_ranked());
    Ok(found)
}

/// Returns a part of the findings of a workspace, the most urgent first.
pub async fn all(from: FindingSources<'_>, tenant: &Tenant, filter: &FindingFilter, paging: Paging) -> DbResult<Page<Finding>> {
    let found = sorted(from, tenant.id, filter).await?;
    let total = found.len() as u64;
    let offset = match paging.start {
        Start::Page(_) => usize::try_from(paging.offset()).unwrap_or(usize::MAX),
        Start::After(position) => found.partition_point(|found| found.position().as_ranked() <= position.as_ranked()),
    };
    let part: Vec<Found> = found.into_iter().skip(offset).take(paging.size as usize).collect();
    let has_more = offset as u64 + (part.len() as u64) < total;
    let next = part.last().filter(|_| has_more).map(Found::position);
    Ok(Page::new(with_words(from, tenant, part).await?, Some(total), paging, next))
}

/// Returns the most urgent findings of a workspace that need attention, with the numbers of all.
pub async fn top(from: FindingSources<'_>, tenant: &Tenant, count: u32) -> DbResult<Top> {
    let checked_at = from.core.clock.now();
    let found = sorted(from, tenant.id, &FindingFilter::default()).await?;
    let (mut urgent, notes): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|found| found.severity.is_urgent());
    let total = urgent.len() as u64;
    urgent.truncate(count as usize);
    Ok(Top { first: with_words(from, tenant, urgent).await?, total, notes: notes.len() as u64, checked_at })
}

/// Returns the number of findings that need attention and are not dismissed.
pub(super) async fn count(from: FindingSources<'_>, workspace: WorkspaceId) -> DbResult<u64> {
    let found = sorted(from, workspace, &FindingFilter::default()).await?;
    Ok(found.iter().filter(|found| found.severity.is_urgent()).count() as u64)
}

/// Finds a finding by its id, dismissed or not.
pub(super) async fn find(from: FindingSources<'_>, tenant: &Tenant, id: FindingId) -> DbResult<Option<(Found, Finding)>> {
    let limit = MAX_OF_CODE + store::MAX_DISMISSALS;
    let found = collect(from, tenant.id, &FindingFilter::default(), limit).await?;
    let Some(found) = found.into_iter().find(|found| found.id == id) else { return Ok(None) };
    let findings = with_words(from, tenant, vec![found.clone()]).await?.pop();
    Ok(findings.map(|finding| (found, finding)))
}

async fn with_words(from: FindingSources<'_>, tenant: &Tenant, found: Vec<Found>) -> DbResult<Vec<Finding>> {
    let names = names(from.core.db.read(), tenant.id, &found).await?;
    let at = Moments::new(from.core.clock.now(), &tenant.timezone);
    let findings = found.into_iter().map(|found| {
        let name = found.subject.key().and_then(|key| names.get(&key).cloned());
        worded(found, name, &at)
    });
    Ok(findings.collect())
}

async fn names(db: &impl Source, workspace: WorkspaceId, found: &[Found]) -> DbResult<HashMap<KeyId, String>> {
    let keys: Vec<KeyId> = found.iter().filter_map(|found| found.subject.key()).collect();
    if keys.is_empty() { Ok(HashMap::new()) } else { hygiene::names(db, workspace, keys).await }
}
