//! Failed sign-ins and wrong codes in memory, on their way to the audit log. They are aggregated, so that guessing fills neither memory nor the
//! log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::limits::Account;
use super::sign_in::account_of;
use crate::audit::{Action, AuditContext, AuditedTx, EventType, Outcome, Target, TargetKind};
use crate::core::Core;
use crate::keys::Flush;
use crate::members::{self, Email, Member, MemberId};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::client_ip;
use kit::lock::lock;

/// The period of one event for the wrong passwords, or the wrong codes, of one member and network.
const WINDOW: Duration = Duration::from_mins(1);

/// The period of one event for an email whose limit was reached: the time in which the limit recovers.
const LIMIT_WINDOW: Duration = Duration::from_mins(5);

/// Networks that are counted separately for one member; guesses from others share one event.
const MAX_NETWORKS: usize = 16;

/// Groups in memory. Above it networks share a group; above twice as many, guesses are only counted.
const MAX_GROUPS: usize = 2_000;

/// Failed sign-ins that are not in the log yet, and the groups that were written within their window.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Groups>);

/// The step of a sign-in that failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Step {
    Password,
    Code,
}

/// Wrong passwords or codes of one member, from one network.
type WrongKey = (Step, MemberId, Option<IpAddr>);
type WrongSteps = Group<(Step, Member)>;

#[derive(Debug, Default)]
struct Groups {
    wrong: HashMap<WrongKey, WrongSteps>,
    limited: HashMap<Account, Group<Email>>,
    left_out: u64,
}

/// Failures of one kind about one subject.
#[derive(Clone, Debug)]
struct Group<T> {
    subject: T,
    /// The context of the first failure that is counted.
    context: AuditContext,
    first: Time,
    last: Time,
    count: u64,
    written_at: Option<Time>,
}

impl<T: Clone> Group<T> {
    fn new(subject: T, context: AuditContext, now: Time) -> Self {
        Self { subject, context, first: now, last: now, count: 0, written_at: None }
    }

    fn add(&mut self, context: AuditContext, now: Time) {
        if self.count == 0 {
            (self.context, self.first) = (context, now);
        }
        self.count += 1;
        self.last = now;
    }

    fn is_due(&self, now: Time, window: Duration) -> bool {
        self.written_at.is_none_or(|at| now.since(at) >= window)
    }

    /// Takes the failures that are to be written now, if there are any.
    fn take(&mut self, now: Time, window: Duration, which: Flush) -> Option<Self> {
        if self.count == 0 || !(self.is_due(now, window) || which == Flush::Last) {
            return None;
        }
        let taken = self.clone();
        (self.count, self.written_at) = (0, Some(now));
        Some(taken)
    }

    /// Adds failures that could not be written.
    fn put_back(&mut self, taken: Self) {
        let count = self.count + taken.count;
        let last = self.last.max(taken.last);
        *self = Self { count, last, written_at: None, ..taken };
    }
}

impl Failures {
    /// Counts a wrong password for a member.
    pub(super) fn wrong_password(&self, member: &Member, context: AuditContext, now: Time) {
        self.wrong(Step::Password, member, context, now);
    }

    /// Counts a wrong code of a member, or of somebody who knows their password.
    pub(super) fn wrong_code(&self, member: &Member, context: AuditContext, now: Time) {
        self.wrong(Step::Code, member, context, now);
    }

    fn wrong(&self, step: Step, member: &Member, context: AuditContext, now: Time) {
        let mut groups = lock(&self.0);
        let mut network = context.ip.map(client_ip::network);
        let is_of_member = |(of, id, network): &&WrongKey| *of == step && *id == member.id && network.is_some();
        let is_full = groups.wrong.keys().filter(is_of_member).count() >= MAX_NETWORKS || groups.wrong.len() >= MAX_GROUPS;
        if is_full && !groups.wrong.contains_key(&(step, member.id, network)) {
            network = None;
        }
        if groups.wrong.len() >= 2 * MAX_GROUPS && !groups.wrong.contains_key(&(step, member.id, network)) {
            groups.left_out += 1;
            return;
        }
        let context = AuditContext { ip: context.ip.filter(|_| network.is_some()), ..context };
        groups
            .wrong
            .entry((step, member.id, network))
            .or_insert_with(|| Group::new((step, member.clone()), context.clone(), now))
            .add(context, now);
    }

    /// Counts a sign-in that was refused because of the limit of its email, which may have no seat at all.
    pub(super) fn limit_reached(&self, email: &Email, account: Account, context: AuditContext, now: Time) {
        let mut groups = lock(&self.0);
        if groups.limited.len() >= MAX_GROUPS && !groups.limited.contains_key(&account) {
            groups.left_out += 1;
            return;
        }
        groups.limited.entry(account).or_insert_with(|| Group::new(email.clone(), context.clone(), now)).add(context, now);
    }

    fn take_due(&self, now: Time, which: Flush) -> (Vec<WrongSteps>, Vec<Group<Email>>) {
        let mut groups = lock(&self.0);
        let wrong = groups.wrong.values_mut().filter_map(|group| group.take(now, WINDOW, which)).collect();
        let limited = groups.limited.values_mut().filter_map(|group| group.take(now, LIMIT_WINDOW, which)).collect();
        groups.wrong.retain(|_, group| group.count > 0 || !group.is_due(now, WINDOW));
        groups.limited.retain(|_, group| group.count > 0 || !group.is_due(now, LIMIT_WINDOW));
        let left_out = std::mem::take(&mut groups.left_out);
        if left_out > 0 {
            tracing::warn!(left_out, "too many failed sign-ins to record each of them");
        }
        (wrong, limited)
    }

    fn put_back(&self, wrong: impl IntoIterator<Item = WrongSteps>, limited: impl IntoIterator<Item = Group<Email>>) {
        let mut groups = lock(&self.0);
        for taken in wrong {
            // It is present: a group stays for its window after it was written.
            let (step, member) = &taken.subject;
            let key = (*step, member.id, taken.context.ip.map(client_ip::network));
            if let Some(group) = groups.wrong.get_mut(&key) {
                group.put_back(taken);
            }
        }
        for taken in limited {
            if let Some(group) = groups.limited.get_mut(&account_of(&taken.subject)) {
                group.put_back(taken);
            }
        }
    }

    /// Writes the groups that are due to the audit log. What cannot be written is kept for the next time.
    pub(super) async fn record(&self, core: &Core, which: Flush) -> DbResult<()> {
        let (wrong, limited) = self.take_due(core.clock.now(), which);
        let mut wrong = wrong.into_iter();
        while let Some(group) = wrong.next() {
            if let Err(error) = record_wrong(core, &group).await {
                self.put_back(std::iter::once(group).chain(wrong), limited);
                return Err(error);
            }
        }
        let mut limited = limited.into_iter();
        while let Some(group) = limited.next() {
            if let Err(error) = record_limit(core, &group).await {
                self.put_back([], std::iter::once(group).chain(limited));
                return Err(error);
            }
        }
        Ok(())
    }
}

async fn record_wrong(core: &Core, group: &WrongSteps) -> DbResult<()> {
    let Group { subject: (step, member), context, first, last, count, .. } = group;
    let mut tx = AuditedTx::begin_system(core, member.workspace).await?;
    tx.act_for(context.clone());
    let mut details = json!({ "at": first });
    if *count > 1 {
        details["count"] = json!(count);
        details["last"] = json!(last);
    }
    match step {
        Step::Password => {
            tx.record_as(Action::SignInFailed, Outcome::Denied, Some(target(member)), details);
            tx.publish(EventType::MemberSignInFailed, || members::event_data(member));
        }
        Step::Code => tx.record_as(Action::TwoFactorFailed, Outcome::Denied, Some(target(member)), details),
    }
    tx.commit().await
}

/// Writes one event for each seat of the email, so that its owner and the administrators learn of it.
async fn record_limit(core: &Core, group: &Group<Email>) -> DbResult<()> {
    let Group { subject, context, first, last, count, .. } = group;
    for (member, _) in members::with_password(core.db.read(), subject.as_str(), None).await? {
        let mut tx = AuditedTx::begin_system(core, member.workspace).await?;
        tx.act_for(context.clone());
        let details = json!({ "at": first, "last": last, "count": count, "limitReached": true });
        tx.record_as(Action::SignInFailed, Outcome::Denied, Some(target(&member)), details);
        tx.publish(EventType::MemberSignInFailed, || members::event_data(&member));
        tx.commit().await?;
    }
    Ok(())
}

fn target(member: &Member) -> Target {
    Target::new(TargetKind::Member, member.id, &member.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;
    use crate::members::Role;
    use crate::workspaces::WorkspaceId;
    use kit::random::Random;

    fn member(number: u64) -> Member {
        let (now, random) = (Time::LAST, Random::seeded(number));
        Member {
            id: MemberId::new(now, &random),
            workspace: WorkspaceId::new(now, &random),
            email: "ana@skyline.example".to_owned(),
            name: "Ana Keller".to_owned(),
            role: Role::Pilot,
            has_joined: true,
            created_at: now,
            second_factor_at: None,
        }
    }

    fn from(address: [u8; 4]) -> AuditContext {
        AuditContext { ip: Some(address.into()), ..AuditContext::of(Actor::ANONYMOUS) }
    }

    fn at(seconds: u64) -> Time {
        "2026-11-23T09:30:00Z".parse::<Time>().expect("a time").after(Duration::from_secs(seconds))
    }

    #[test]
    fn guesses_of_a_minute_from_a_network_are_one_event() {
        let (failures, ana) = (Failures::default(), member(1));
        let counts = |now, which| failures.take_due(now, which).0.iter().map(|group| group.count).collect::<Vec<_>>();
        failures.wrong_password(&ana, from([203, 0, 113, 1]), at(0));
        assert_eq!(counts(at(1), Flush::Regular), [1], "the first is reported at once");
        for second in 2..50 {
            failures.wrong_password(&ana, from([203, 0, 113, 1]), at(second));
            assert!(counts(at(second), Flush::Regular).is_empty());
        }
        assert_eq!(counts(at(61), Flush::Regular), [48]);
        failures.wrong_password(&ana, from([203, 0, 113, 1]), at(62));
        assert_eq!(counts(at(63), Flush::Last), [1], "a stop writes everything");
        assert!(counts(at(200), Flush::Regular).is_empty() && lock(&failures.0).wrong.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_nothing_that_is_kept_is_lost() {
        let failures = Failures::default();
        let ana = member(1);
        for number in 0..1_000_u32 {
            let [_, a, b, c] = number.to_be_bytes();
            failures.wrong_password(&ana, from([10, a, b, c]), at(0));
        }
        let (wrong, _) = failures.take_due(at(0), Flush::Regular);
        assert_eq!(wrong.len(), MAX_NETWORKS + 1);
        assert_eq!(wrong.iter().map(|group| group.count).sum::<u64>(), 1_000);
        failures.put_back(wrong, []);
        assert_eq!(failures.take_due(at(0), Flush::Regular).0.iter().map(|group| group.count).sum::<u64>(), 1_000);
        for number in 0..20_000 {
            failures.wrong_password(&member(number), from([203, 0, 113, 1]), at(0));
            let email: Email = format!("user{number}@skyline.example").parse().expect("an email");
            failures.limit_reached(&email, account_of(&email), from([203, 0, 113, 1]), at(0));
        }
        let groups = lock(&failures.0);
        assert!(groups.wrong.len() <= 2 * MAX_GROUPS && groups.limited.len() <= MAX_GROUPS && groups.left_out > 0);
    }
}
