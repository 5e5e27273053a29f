//! Failed sign-ins in memory, on their way to the audit log: folded, so that a guesser fills neither memory nor the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::limits::Account;
use crate::app::App;
use crate::audit::{Action, AuditContext, AuditedTx, Outcome, Target, TargetKind};
use crate::keys::Flush;
use crate::members::{self, Email, Member, MemberId};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::client;
use kit::lock::lock;

/// One event in this time for the wrong passwords of one member and network.
const FOLD: Duration = Duration::from_mins(1);

/// One event in this time for an email whose limit was reached: the time in which the limit is regained.
const LIMIT_FOLD: Duration = Duration::from_mins(5);

/// Networks that are told apart for one member at once; guesses from more are one event more.
const MOST_NETWORKS: usize = 16;

/// Folds in memory at once. Past it, networks are not told apart, and then guesses are only counted.
const MOST_FOLDS: usize = 2_000;

/// Failed sign-ins that are not in the log yet, and those that were told a moment ago.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Folds>);

#[derive(Debug, Default)]
struct Folds {
    wrong: HashMap<(MemberId, Option<IpAddr>), Fold<Member>>,
    limited: HashMap<Account, Fold<Email>>,
    left_out: u64,
}

/// Events of one kind about one subject.
#[derive(Clone, Debug)]
struct Fold<T> {
    subject: T,
    /// The first of those that are counted.
    by: AuditContext,
    first: Time,
    last: Time,
    count: u64,
    told_at: Option<Time>,
}

impl<T: Clone> Fold<T> {
    fn new(subject: T, by: AuditContext, now: Time) -> Self {
        Self { subject, by, first: now, last: now, count: 0, told_at: None }
    }

    fn add(&mut self, by: AuditContext, now: Time) {
        if self.count == 0 {
            (self.by, self.first) = (by, now);
        }
        self.count += 1;
        self.last = now;
    }

    fn is_quiet(&self, now: Time, fold: Duration) -> bool {
        self.told_at.is_none_or(|at| now.since(at) >= fold)
    }

    /// The events to be written now, if there are any.
    fn take(&mut self, now: Time, fold: Duration, which: Flush) -> Option<Self> {
        if self.count == 0 || !(self.is_quiet(now, fold) || which == Flush::Last) {
            return None;
        }
        let taken = self.clone();
        (self.count, self.told_at) = (0, Some(now));
        Some(taken)
    }

    /// Puts back what could not be written.
    fn put_back(&mut self, taken: Self) {
        let count = self.count + taken.count;
        let last = self.last.max(taken.last);
        *self = Self { count, last, told_at: None, ..taken };
    }
}

impl Failures {
    /// Notes a wrong password for a member.
    pub(super) fn wrong_password(&self, member: &Member, by: AuditContext, now: Time) {
        let mut folds = lock(&self.0);
        let mut network = by.ip.map(client::network);
        let of_member = folds.wrong.keys().filter(|(id, network)| *id == member.id && network.is_some()).count();
        let is_full = of_member >= MOST_NETWORKS || folds.wrong.len() >= MOST_FOLDS;
        if is_full && !folds.wrong.contains_key(&(member.id, network)) {
            network = None;
        }
        if folds.wrong.len() >= 2 * MOST_FOLDS && !folds.wrong.contains_key(&(member.id, network)) {
            folds.left_out += 1;
            return;
        }
        let by = AuditContext { ip: by.ip.filter(|_| network.is_some()), ..by };
        folds.wrong.entry((member.id, network)).or_insert_with(|| Fold::new(member.clone(), by.clone(), now)).add(by, now);
    }

    /// Notes a sign-in that was refused because of the limit of its email. Whether somebody has the email is not known here.
    pub(super) fn limit_reached(&self, email: &Email, account: Account, by: AuditContext, now: Time) {
        let mut folds = lock(&self.0);
        if folds.limited.len() >= MOST_FOLDS && !folds.limited.contains_key(&account) {
            folds.left_out += 1;
            return;
        }
        folds.limited.entry(account).or_insert_with(|| Fold::new(email.clone(), by.clone(), now)).add(by, now);
    }

    fn take_due(&self, now: Time, which: Flush) -> (Vec<Fold<Member>>, Vec<Fold<Email>>) {
        let mut folds = lock(&self.0);
        let wrong = folds.wrong.values_mut().filter_map(|fold| fold.take(now, FOLD, which)).collect();
        let limited = folds.limited.values_mut().filter_map(|fold| fold.take(now, LIMIT_FOLD, which)).collect();
        folds.wrong.retain(|_, fold| fold.count > 0 || !fold.is_quiet(now, FOLD));
        folds.limited.retain(|_, fold| fold.count > 0 || !fold.is_quiet(now, LIMIT_FOLD));
        let left_out = std::mem::take(&mut folds.left_out);
        if left_out > 0 {
            tracing::warn!(left_out, "more failed sign-ins than are recorded one by one");
        }
        (wrong, limited)
    }

    fn put_back(&self, wrong: impl IntoIterator<Item = Fold<Member>>, limited: impl IntoIterator<Item = Fold<Email>>) {
        let mut folds = lock(&self.0);
        for taken in wrong {
            // Still there: it was told a moment ago.
            let key = (taken.subject.id, taken.by.ip.map(client::network));
            if let Some(fold) = folds.wrong.get_mut(&key) {
                fold.put_back(taken);
            }
        }
        for taken in limited {
            if let Some(fold) = folds.limited.get_mut(&super::service::account_of(&taken.subject)) {
                fold.put_back(taken);
            }
        }
    }

    /// Writes what is due to the audit log; what cannot be written stays in memory for the next time.
    pub(super) async fn record(&self, app: &App, which: Flush) -> DbResult<()> {
        let (wrong, limited) = self.take_due(app.clock.now(), which);
        let mut wrong = wrong.into_iter();
        while let Some(fold) = wrong.next() {
            if let Err(error) = record_wrong(app, &fold).await {
                self.put_back(std::iter::once(fold).chain(wrong), limited);
                return Err(error);
            }
        }
        let mut limited = limited.into_iter();
        while let Some(fold) = limited.next() {
            if let Err(error) = record_limit(app, &fold).await {
                self.put_back([], std::iter::once(fold).chain(limited));
                return Err(error);
            }
        }
        Ok(())
    }
}

async fn record_wrong(app: &App, fold: &Fold<Member>) -> DbResult<()> {
    let Fold { subject, by, first, last, count, .. } = fold;
    let mut tx = AuditedTx::begin_system(app, subject.workspace).await?;
    tx.act_for(by.clone());
    let mut details = json!({ "at": first });
    if *count > 1 {
        details["count"] = json!(count);
        details["last"] = json!(last);
    }
    tx.record_as(Action::SignInFailed, Outcome::Denied, Some(target(subject)), details);
    tx.commit().await
}

/// One event for each seat of the email, so that its owner and the administrators learn of it.
async fn record_limit(app: &App, fold: &Fold<Email>) -> DbResult<()> {
    let Fold { subject, by, first, last, count, .. } = fold;
    for (member, _) in members::with_password(app.db.read(), subject.as_str(), None).await? {
        let mut tx = AuditedTx::begin_system(app, member.workspace).await?;
        tx.act_for(by.clone());
        let details = json!({ "at": first, "last": last, "count": count, "limitReached": true });
        tx.record_as(Action::SignInFailed, Outcome::Denied, Some(target(&member)), details);
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
        let counts = |now, which| failures.take_due(now, which).0.iter().map(|fold| fold.count).collect::<Vec<_>>();
        failures.wrong_password(&ana, from([203, 0, 113, 1]), at(0));
        assert_eq!(counts(at(1), Flush::Regular), [1], "the first is told at once");
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
        assert_eq!(wrong.len(), MOST_NETWORKS + 1);
        assert_eq!(wrong.iter().map(|fold| fold.count).sum::<u64>(), 1_000);
        failures.put_back(wrong, []);
        assert_eq!(failures.take_due(at(0), Flush::Regular).0.iter().map(|fold| fold.count).sum::<u64>(), 1_000);
        for number in 0..20_000 {
            failures.wrong_password(&member(number), from([203, 0, 113, 1]), at(0));
            let email: Email = format!("user{number}@skyline.example").parse().expect("an email");
            failures.limit_reached(&email, super::super::service::account_of(&email), from([203, 0, 113, 1]), at(0));
        }
        let folds = lock(&failures.0);
        assert!(folds.wrong.len() <= 2 * MOST_FOLDS && folds.limited.len() <= MOST_FOLDS && folds.left_out > 0);
    }
}
