//! The weekly digest: an email to administrators with the findings of their workspace, on Monday morning.
//!
//! The week of the last digest is stored with the emails, under the lock of the workspace's audit log: each week has one, whichever
//! nodes try. A week without findings is stored as well, so that none comes later in the day.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::collect::FindingSources;
use super::list;
use super::model::{Finding, Top};
use super::store;
use crate::audit::AuditedTx;
use crate::mail::{self, Content, DigestFinding, MAX_LISTED};
use crate::workspaces::{self, Tenant, WorkspaceId};
use kit::clock::{self, Time};
use kit::day::Day;
use kit::db::DbResult;

/// The hour of the Monday, in the zone of the workspace.
const HOUR: i8 = 8;

/// The time for which a digest that was missed is sent late. It is about the week that begins.
const SENT_WITHIN: Duration = Duration::from_hours(24);

/// The digests that one run sends. Those of other workspaces follow a minute later.
const AT_ONCE: usize = 50;

/// Workspaces that one statement reads.
const TOGETHER: usize = 500;

/// The digest of a week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Week {
    monday: Day,
    due_at: Time,
}

impl Week {
    /// Returns the week whose digest is due; `None` on most days.
    fn due(tenant: &Tenant, now: Time) -> Option<Self> {
        let zone = clock::zone(&tenant.timezone);
        let monday = Day::in_zone(now, &zone).monday();
        let due_at = monday.at_hour(HOUR, &zone);
        (due_at <= now && now.since(due_at) < SENT_WITHIN).then_some(Self { monday, due_at })
    }
}

/// Sends the digests that are due, if this server sends emails. A workspace whose findings cannot be read does not hold up the others.
pub async fn send_digests(from: FindingSources<'_>, tenants: &[Arc<Tenant>]) -> DbResult<()> {
    if !mail::is_on(from.core) {
        return Ok(());
    }
    let now = from.core.clock.now();
    let mut due = Vec::new();
    for tenants in tenants.chunks(TOGETHER) {
        let mut of_day: HashMap<WorkspaceId, (&Tenant, Week)> =
            tenants.iter().filter_map(|tenant| Some((tenant.id, (tenant.as_ref(), Week::due(tenant, now)?)))).collect();
        if of_day.is_empty() {
            continue;
        }
        for (workspace, last) in store::last_digests(from.core.db.read(), of_day.keys().copied()).await? {
            if of_day.get(&workspace).is_some_and(|(_, week)| last >= week.monday) {
                of_day.remove(&workspace);
            }
        }
        due.extend(of_day.into_values());
    }
    // Each minute begins with others: those that fail do not take all turns.
    due.sort_unstable_by_key(|(tenant, _)| tenant.id);
    let minutes = usize::try_from(now.since(Time::FIRST).as_secs() / 60).unwrap_or_default();
    let begin = minutes.saturating_mul(AT_ONCE).checked_rem(due.len()).unwrap_or_default();
    due.rotate_left(begin);
    let mut outcome = Ok(());
    for (tenant, week) in due.into_iter().take(AT_ONCE) {
        outcome = outcome.and(send(from, tenant, week).await);
    }
    outcome
}

async fn send(from: FindingSources<'_>, tenant: &Tenant, week: Week) -> DbResult<()> {
    let top = list::top(from, tenant, u32::try_from(MAX_LISTED).unwrap_or(u32::MAX)).await?;
    let tx = AuditedTx::begin_system(from.core, tenant.id).await?;
    // Read again under the lock: another node may have been first.
    if store::last_digest(tx.db(), tenant.id).await?.is_some_and(|last| last >= week.monday) {
        return Ok(());
    }
    store::set_digest(tx.db(), tenant.id, week.monday).await?;
    // The person who has just set up a workspace has seen its findings.
    let is_older = workspaces::find(tx.db(), tenant.id).await?.is_some_and(|workspace| workspace.created_at < week.due_at);
    if is_older && top.total > 0 {
        mail::notify_administrators(&tx, &format!("weekly_digest {}", week.monday), &content(top)).await?;
    }
    tx.commit().await
}

fn content(Top { first, total, checked_at, .. }: Top) -> Content {
    let more = total - first.len() as u64;
    Content::WeeklyDigest { at: checked_at, findings: first.into_iter().map(listed).collect(), more }
}

fn listed(finding: Finding) -> DigestFinding {
    let Finding { severity, message, remedy, name, .. } = finding;
    let label = match name {
        Some(name) => format!("{}: {name}", remedy.label),
        None => remedy.label,
    };
    DigestFinding { severity: severity.title().to_owned(), message, label, path: remedy.href }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(zone: &str, now: &str) -> Option<String> {
        let (id, timezone) = (WorkspaceId(uuid::Uuid::nil()), zone.to_owned());
        let tenant = Tenant { id, owner: id, slug: "skyline".into(), name: "Skyline".into(), timezone };
        Week::due(&tenant, now.parse().expect("a time")).map(|week| week.monday.to_string())
    }

    #[test]
    fn digest_is_due_for_a_day_from_monday_at_eight_where_the_workspace_is() {
        let monday = Some("2026-11-23".to_owned());
        for (zone, begin, end) in [
            ("UTC", "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"),
            ("Europe/Zurich", "2026-11-23T07:00:00Z", "2026-11-24T07:00:00Z"),
            ("Pacific/Kiritimati", "2026-11-22T18:00:00Z", "2026-11-23T18:00:00Z"),
            ("America/Los_Angeles", "2026-11-23T16:00:00Z", "2026-11-24T16:00:00Z"),
        ] {
            let moments = [begin, end].map(|text| text.parse::<Time>().expect("a time"));
            let second = Duration::from_secs(1);
            let at = |time: Time| due(zone, &time.to_string());
            assert_eq!([at(moments[0].before(second)), at(moments[0])], [None, monday.clone()], "{zone}");
            assert_eq!([at(moments[1].before(second)), at(moments[1])], [monday.clone(), None], "{zone}");
        }
        assert_eq!(due("Europe/Zurich", "2027-03-29T06:00:00Z"), Some("2027-03-29".to_owned()), "in summer");
    }
}
