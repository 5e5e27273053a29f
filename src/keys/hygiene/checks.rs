//! The rules that depend on the usage of a key.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::Sought;
use super::lists::unexpired;
use super::networks::{self, MAX, NetworkUses, Networks};
use super::summary::{self, Rule};
use crate::keys::model::KeyId;
use crate::keys::tables::check::Model;
use crate::keys::tables::key;
use crate::keys::usage::{last_scope_uses, last_uses};
use crate::scopes::{Access, Module, Scope, Scopes};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuples};

/// The time without use after which a key, or a scope of a key, counts as unused.
pub(in crate::keys) const UNUSED_FOR: Duration = Duration::from_hours(30 * 24);

/// The age at which a key that was never used counts as unused.
const NEVER_USED_FOR: Duration = Duration::from_hours(7 * 24);

/// The time between two checks of a key of which a rule can hold with the next use.
const AGAIN_AFTER: Duration = Duration::from_mins(10);

/// The time between two checks of a dormant key, of which a rule can hold only after a use that wakes it ([`summary::wake`]). Nodes of
/// the version before do not wake keys.
const DORMANT_FOR: Duration = Duration::from_hours(7 * 24);

/// The time between two checks of a key of which a rule holds. Readers of the summary compare it with the usage anyway.
const HELD_FOR: Duration = Duration::from_hours(1);

/// The columns of an open key that the rules need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) workspace: WorkspaceId,
    pub(super) created_at: Time,
    pub(super) scopes: Scopes,
    pub(super) has_allowlist: bool,
    pub(super) is_paused: bool,
}

impl Facts {
    /// Returns the earliest time from which a rule can hold, whatever the usage; `None` if it cannot.
    pub(super) fn earliest(&self, rule: Rule) -> Option<Time> {
        match rule {
            Rule::Idle => Some(self.created_at.after(NEVER_USED_FOR)),
            Rule::Excess => Some(self.created_at.after(UNUSED_FOR)),
            Rule::Everywhere => (self.can_write() && !self.has_allowlist).then_some(self.created_at),
        }
    }

    fn can_write(&self) -> bool {
        self.scopes.iter().any(|scope| scope.access == Access::Write)
    }
}

/// The outcome of a check.
#[derive(Clone, Debug)]
pub(super) enum Verdict<T> {
    Holds(T),
    /// The earliest time from which the rule can hold.
    NotBefore(Time),
}

impl<T> Verdict<T> {
    /// Returns the check as it is stored after the verdict; `unused` are the scopes that it found unused.
    pub(super) fn stored(&self, check: &Model, unused: impl Fn(&T) -> Scopes, now: Time) -> Model {
        let (holds_from, check_at, unused) = match self {
            Self::Holds(held) => (check.holds_from, now.after(HELD_FOR), unused(held)),
            Self::NotBefore(time) => (*time, *time, Scopes::NONE),
        };
        Model { holds_from, check_at, checked_at: Some(now), unused_scopes: unused.bits().cast_signed(), ..check.clone() }
    }
}

/// A key that was not used for long, or never.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    pub key: KeyId,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
    pub since: Time,
}

/// A key with scopes that it did not use lately.
#[derive(Clone, Copy, Debug)]
pub struct Excess {
    pub key: KeyId,
    pub unused: Scopes,
    pub since: Time,
}

/// A key that can write from everywhere and is used from few networks.
#[derive(Clone, Debug)]
pub struct Everywhere {
    pub key: KeyId,
    pub networks: Networks,
    pub since: Time,
}

/// Returns unused keys, those unused for longest first.
pub async fn idle(db: &impl Source, sought: &Sought) -> DbResult<Vec<Idle>> {
    let checks = with_facts(db, candidates(db, sought, Rule::Idle).await?, sought.now).await?;
    Ok(held(judge_idle(db, &checks, sought.now).await?))
}

/// Returns keys with scopes that they did not use lately.
pub async fn excess(db: &impl Source, sought: &Sought) -> DbResult<Vec<Excess>> {
    let checks = with_facts(db, candidates(db, sought, Rule::Excess).await?, sought.now).await?;
    if sought.key.is_some() {
        return Ok(held(judge_excess(db, &checks, sought.now).await?));
    }
    still_in_excess(db, checks, sought.now).await
}

/// Returns keys that can write from everywhere and are used from few networks.
pub async fn everywhere(db: &impl Source, sought: &Sought) -> DbResult<Vec<Everywhere>> {
    let checks = with_facts(db, candidates(db, sought, Rule::Everywhere).await?, sought.now).await?;
    Ok(held(judge_everywhere(db, &checks, sought.now).await?))
}

fn held<T>(verdicts: Vec<(Model, Verdict<T>)>) -> Vec<T> {
    let held = |(_, verdict)| match verdict {
        Verdict::Holds(held) => Some(held),
        Verdict::NotBefore(_) => None,
    };
    verdicts.into_iter().filter_map(held).collect()
}

/// Returns the checks that can hold. Of one key the check is made anew, whatever the summary says.
async fn candidates(db: &impl Source, sought: &Sought, rule: Rule) -> DbResult<Vec<Model>> {
    let Some(key) = sought.key else { return summary::due(db, sought, rule).await };
    let facts = facts(db, vec![key], sought.now).await?;
    let of_workspace = facts.into_iter().filter(|(_, facts)| facts.workspace == sought.workspace);
    let due = of_workspace.filter_map(|(key, facts)| new_check(key, &facts, rule));
    Ok(due.filter(|check| check.holds_from <= sought.now).collect())
}

/// Returns the check of a key that nothing is known of yet.
pub(super) fn new_check(key: KeyId, facts: &Facts, rule: Rule) -> Option<Model> {
    facts.earliest(rule).map(|earliest| Model {
        key_id: key,
        rule: rule.as_str().to_owned(),
        workspace_id: facts.workspace,
        holds_from: earliest,
        check_at: earliest,
        checked_at: None,
        unused_scopes: 0,
    })
}

/// Returns the columns of those of the keys that are open.
pub(super) async fn facts(db: &impl Source, keys: Vec<KeyId>, now: Time) -> DbResult<HashMap<KeyId, Facts>> {
    use key::Column;
    type Row = (KeyId, WorkspaceId, Time, i16, Option<serde_json::Value>, Option<Time>, Option<Time>);
    let open = key::Entity::find().filter(Column::Id.is_in(keys)).filter(Column::RevokedAt.is_null()).filter(unexpired(now));
    let columns = [Column::Id, Column::WorkspaceId, Column::CreatedAt, Column::Scopes, Column::IpAllowlist];
    let columns = columns.into_iter().chain([Column::PausedAt, Column::PausedUntil]);
    let rows: Vec<Row> = find_tuples(db, open.select_only().columns(columns)).await?;
    let of_row = |(key, workspace, created_at, scopes, allowlist, paused_at, paused_until): Row| {
        let has_allowlist = allowlist.is_some_and(|blocks| blocks.as_array().is_some_and(|blocks| !blocks.is_empty()));
        let is_paused = paused_at.is_some() && paused_until.is_none_or(|until| until > now);
        let scopes = Scopes::from_bits(scopes.cast_unsigned());
        (key, Facts { workspace, created_at, scopes, has_allowlist, is_paused })
    };
    Ok(rows.into_iter().map(of_row).collect())
}

/// A check with the columns of its key.
pub(super) type WithFacts = (Model, Facts);

/// Returns the checks of open keys.
pub(super) async fn with_facts(db: &impl Source, checks: Vec<Model>, now: Time) -> DbResult<Vec<WithFacts>> {
    let facts = facts(db, keys_of(checks.iter()), now).await?;
    Ok(checks.into_iter().filter_map(|check| facts.get(&check.key_id).map(|facts| (check, *facts))).collect())
}

fn keys_of<'a>(checks: impl Iterator<Item = &'a Model>) -> Vec<KeyId> {
    checks.map(|check| check.key_id).collect()
}

pub(super) async fn judge_idle(db: &impl Source, checks: &[WithFacts], now: Time) -> DbResult<Vec<(Model, Verdict<Idle>)>> {
    let uses = last_uses(db, keys_of(checks.iter().map(|(check, _)| check))).await?;
    let judge = |(check, facts): &WithFacts| {
        let last_used_at = uses.get(&check.key_id).map(|last| last.at);
        let since = last_used_at.map_or(facts.created_at.after(NEVER_USED_FOR), |last| last.after(UNUSED_FOR));
        let idle = Idle { key: check.key_id, created_at: facts.created_at, last_used_at, since };
        let verdict = if facts.is_paused {
            // Somebody looks whether it is missed.
            Verdict::NotBefore(now.after(AGAIN_AFTER))
        } else if since <= now {
            Verdict::Holds(idle)
        } else {
            Verdict::NotBefore(since)
        };
        (check.clone(), verdict)
    };
    Ok(checks.iter().map(judge).collect())
}

/// Judges the scopes of keys by their usage within [`UNUSED_FOR`], as many rows as a key has hours and scopes.
pub(super) async fn judge_excess(db: &impl Source, checks: &[WithFacts], now: Time) -> DbResult<Vec<(Model, Verdict<Excess>)>> {
    let keys = keys_of(checks.iter().map(|(check, _)| check));
    let last = last_uses(db, keys.clone()).await?;
    let uses = last_scope_uses(db, keys, now.before(UNUSED_FOR).hour()).await?;
    let judge = |(check, facts): &WithFacts| {
        let is_used = last.get(&check.key_id).is_some_and(|last| now.since(last.at) < UNUSED_FOR);
        let of_key = uses.get(&check.key_id);
        let in_use = of_key.map(|uses| uses.iter().map(|(scope, _)| *scope).collect()).unwrap_or_default();
        let excess = unused(facts.scopes, in_use);
        let verdict = if let Some(earliest) = facts.earliest(Rule::Excess).filter(|earliest| *earliest > now) {
            // A young key that was woken.
            Verdict::NotBefore(earliest)
        } else if !is_used {
            Verdict::NotBefore(now.after(DORMANT_FOR))
        } else if excess.is_empty() {
            let first = of_key.and_then(|uses| uses.iter().map(|(_, hour)| hour.after(UNUSED_FOR)).min());
            Verdict::NotBefore(first.unwrap_or(now).max(now.after(AGAIN_AFTER)))
        } else {
            Verdict::Holds(Excess { key: check.key_id, unused: excess, since: check.holds_from })
        };
        (check.clone(), verdict)
    };
    Ok(checks.iter().map(judge).collect())
}

/// Compares what the last check found with the usage since: a few rows of each key.
async fn still_in_excess(db: &impl Source, checks: Vec<WithFacts>, now: Time) -> DbResult<Vec<Excess>> {
    let checked: Vec<(Model, Time)> =
        checks.into_iter().filter_map(|(check, _)| check.checked_at.map(|at| (check, at))).collect();
    let Some(oldest) = checked.iter().map(|(_, at)| *at).min() else { return Ok(Vec::new()) };
    let keys = keys_of(checked.iter().map(|(check, _)| check));
    let last = last_uses(db, keys.clone()).await?;
    let uses = last_scope_uses(db, keys, oldest.hour()).await?;
    let still = |(check, _): (Model, Time)| {
        let in_use: Scopes = uses.get(&check.key_id).into_iter().flatten().map(|(scope, _)| *scope).collect();
        let excess = unused(Scopes::from_bits(check.unused_scopes.cast_unsigned()), in_use);
        let is_used = last.get(&check.key_id).is_some_and(|last| now.since(last.at) < UNUSED_FOR);
        (is_used && !excess.is_empty()).then_some(Excess { key: check.key_id, unused: excess, since: check.holds_from })
    };
    Ok(checked.into_iter().filter_map(still).collect())
}

/// Returns the granted scopes that were not used. Writing uses the right to read as well, and managing webhooks that of all modules,
/// whose events they deliver.
fn unused(granted: Scopes, used: Scopes) -> Scopes {
    let is_used = |scope: &Scope| {
        let write = Scope::write(scope.module);
        used.contain(*scope) || used.contain(write) && granted.contain(write)
    };
    let has_webhooks = used.iter().any(|scope| scope.module == Module::Webhooks);
    granted.iter().filter(|scope| !(is_used(scope) || has_webhooks && scope.access == Access::Read)).collect()
}

pub(super) async fn judge_everywhere(
    db: &impl Source,
    checks: &[WithFacts],
    now: Time,
) -> DbResult<Vec<(Model, Verdict<Everywhere>)>> {
    let uses = networks::recent(db, keys_of(checks.iter().map(|(check, _)| check)), now).await?;
    let nowhere = NetworkUses::default();
    let judge = |(check, facts): &WithFacts| {
        let of_key = uses.get(&check.key_id).unwrap_or(&nowhere);
        let can_hold = facts.earliest(Rule::Everywhere).is_some();
        let verdict = match of_key.few_from() {
            Some(from) => Verdict::NotBefore(from),
            None if can_hold && (1..=MAX).contains(&of_key.count()) => {
                Verdict::Holds(Everywhere { key: check.key_id, networks: of_key.networks(), since: check.holds_from })
            }
            None if can_hold => Verdict::NotBefore(now.after(DORMANT_FOR)),
            None => Verdict::NotBefore(now.after(AGAIN_AFTER)),
        };
        (check.clone(), verdict)
    };
    Ok(checks.iter().map(judge).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_uses_the_right_to_read() {
        let (read, write) = (Scope::read(Module::Trips), Scope::write(Module::Trips));
        let set = |scopes: &[Scope]| scopes.iter().copied().collect::<Scopes>();
        assert_eq!(unused(set(&[read, write]), set(&[write])), Scopes::NONE);
        assert_eq!(unused(set(&[read, write]), set(&[read])), set(&[write]));
        assert_eq!(unused(set(&[write]), set(&[read])), set(&[write]));
        assert_eq!(unused(set(&[write, Scope::read(Module::Fleet)]), set(&[write])), set(&[Scope::read(Module::Fleet)]));
    }

    #[test]
    fn managing_webhooks_uses_the_right_to_read() {
        let (manage, write) = (Scope::write(Module::Webhooks), Scope::write(Module::Trips));
        let granted = [manage, Scope::read(Module::Fleet), write].into_iter().collect();
        assert_eq!(unused(granted, [manage].into_iter().collect()), [write].into_iter().collect());
    }
}
