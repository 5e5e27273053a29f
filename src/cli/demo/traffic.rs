//! The use of the demo's keys: requests by hour, a revocation, and events that an auditor would examine.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::calendar::{Chance, HOUR, MINUTE};
use super::facts::OWNER;
use super::integrations::{DAYS_TO_REPLACE, ELSEWHERE, HANGAR_SCREEN, KEYS, OLD_WEBSITE, Rhythm, WEATHER, replaces};
use super::plan::Who;
use super::rules;
use super::seed::{Operator, failed, input, parse};
use crate::audit::{Actor, AuditContext};
use crate::auth::{self, Attempt};
use crate::background;
use crate::cli::Failure;
use crate::keys::{self, CreateKey, DenialReason, DeniedRequest, EntryRef, Flush, Key, RevokeKey, RotateKey};
use crate::scopes::{Module, Scope};
use kit::clock::Time;

/// Visitors of a website by the hour of the day, per cent of the busiest hour.
const VISITORS: [i64; 24] = [7, 4, 3, 2, 2, 8, 22, 48, 76, 90, 94, 95, 100, 93, 90, 88, 86, 90, 92, 88, 80, 62, 38, 16];

impl Operator {
    pub(super) async fn make_key(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        if let Some(old) = replaces(place) {
            return self.replace_key(who, old, place).await;
        }
        let demo = &KEYS[place];
        let scopes = if demo.scopes.is_empty() { Value::Null } else { json!(demo.scopes) };
        let create: CreateKey = input(json!({
            "name": demo.name, "permissions": demo.permissions, "scopes": scopes, "description": demo.about,
            "expiresAt": self.plan.expires_at(place),
        }))?;
        // No one is responsible for a key from the command line.
        let by = if place == HANGAR_SCREEN { AuditContext::operator("demo") } else { self.audit_context(who)? };
        let made = keys::create(&self.app.keys, self.workspace, by, create, None).await?;
        self.keys.insert(place, made);
        Ok(())
    }

    async fn replace_key(&mut self, who: Who, old: usize, place: usize) -> Result<(), Failure> {
        let rotate: RotateKey = input(json!({
            "name": KEYS[place].name, "expiresAt": self.plan.expires_at(place), "revokeOldAfter": format!("{DAYS_TO_REPLACE}d"),
        }))?;
        let old = self.key(old)?.key.id;
        let made = keys::rotate(&self.app.keys, self.workspace, self.audit_context(who)?, old, rotate, None).await?;
        self.keys.insert(place, made);
        Ok(())
    }

    pub(super) async fn retire_key(&self, who: Who, place: usize) -> Result<(), Failure> {
        let reason = Some(parse("Replaced by the Fleet Dashboard")?);
        let id = self.key(place)?.key.id;
        keys::revoke(&self.app.keys, self.workspace, self.audit_context(who)?, id, RevokeKey { reason }).await?;
        Ok(())
    }

    pub(super) async fn sign_in(&self, who: Who) -> Result<(), Failure> {
        let Who::Member(place) = who else { return Err(failed("a key that signs in")) };
        let member = self.members.get(place).cloned().ok_or_else(|| failed("a member who is not there"))?;
        auth::open_session(&self.app, member, self.audit_context(who)?, None).await.map_err(failed)?;
        Ok(())
    }

    /// Sends a request with a key and writes its usage.
    pub(super) async fn read(&self, who: Who, scope: Scope, address: Option<&str>) -> Result<(), Failure> {
        let (place, entry) = self.presented(who)?;
        let address = parse(address.unwrap_or(KEYS[place].address))?;
        self.app.recorder.allow(&entry, Some(scope), address, self.app.clock.now());
        background::flush(&self.app, Flush::Last).await;
        Ok(())
    }

    pub(super) async fn lack_scope(&self, who: Who, scope: Scope) -> Result<(), Failure> {
        self.deny(who, DenialReason::ScopeRequired(scope), scope, 3).await
    }

    /// Sends requests with the revoked key, from a server that was forgotten.
    pub(super) async fn straggle(&self, who: Who) -> Result<(), Failure> {
        let requests = 20 + self.app.clock.now().micros() / 1_000_000 % 40;
        self.deny(who, DenialReason::Revoked, Scope::read(Module::Fleet), requests).await
    }

    /// Sends requests with the revoked key within the last hour, if the plan is not later than that.
    pub(super) async fn straggle_lately(&self) -> Result<(), Failure> {
        let now = self.app.clock.now();
        self.app.clock.advance(self.today.before(MINUTE * 40).max(now).since(now));
        self.straggle(Who::Key(OLD_WEBSITE)).await
    }

    /// Sends a request with the key of the weather briefing from a network that never used it.
    pub(super) async fn visit_elsewhere(&self) -> Result<(), Failure> {
        self.read(Who::Key(WEATHER), Scope::read(Module::Trips), Some(ELSEWHERE)).await
    }

    async fn deny(&self, who: Who, reason: DenialReason, scope: Scope, requests: i64) -> Result<(), Failure> {
        let (place, entry) = self.presented(who)?;
        let request_id = self.request_id();
        self.keep_refusal(&entry, place, reason, scope, &request_id);
        for _ in 0..requests {
            let request = DeniedRequest {
                address: parse(KEYS[place].address)?,
                now: self.app.clock.now(),
                request_id: &request_id,
                user_agent: Some(KEYS[place].program.to_owned()),
            };
            self.app.recorder.deny(&entry, reason, Some(scope), request);
        }
        background::flush(&self.app, Flush::Last).await;
        Ok(())
    }

    fn presented(&self, who: Who) -> Result<(usize, EntryRef), Failure> {
        let Who::Key(place) = who else { return Err(failed("a member without a key")) };
        let entry = self.app.index.get(&self.key(place)?.key.digest);
        Ok((place, entry.ok_or_else(|| failed("a key that is not in the index"))?))
    }

    /// Simulates a guess at the account owner's password.
    pub(super) async fn guess_password(&self, address: &str) -> Result<(), Failure> {
        let (email, stranger) = (parse(OWNER)?, parse::<IpAddr>(address)?);
        let context = |actor: Actor| AuditContext {
            ip: Some(stranger),
            user_agent: Some("Mozilla/5.0".to_owned()),
            ..AuditContext::of(actor)
        };
        let origin = auth::Origin { address: stranger, browser: None };
        let password = "a guess at a password".to_owned().into();
        let attempt = Attempt { email: &email, password, workspace: None, origin };
        if auth::sign_in(&self.app, &self.app.passwords, &self.app.sign_ins, attempt, context).await.is_ok() {
            return Err(failed("the guess was right"));
        }
        background::flush(&self.app, Flush::Last).await;
        Ok(())
    }

    /// Writes the requests of all keys by hour.
    pub(super) async fn use_keys(&self) -> Result<(), Failure> {
        let (chance, mut used) = (Chance::new(), HashMap::new());
        let tx = self.app.db.begin().await?;
        for (place, made) in &self.keys {
            let over = [made.key.expires_at, self.plan.retired_at(*place)].into_iter().flatten().fold(self.today, Time::min);
            let hours = self.hours(&chance, *place, &made.key, over);
            if let Some(latest) = hours.iter().map(|(hour, ..)| *hour).max() {
                let last = latest.after(50 * MINUTE).min(over.before(MINUTE / 2));
                keys::import_usage(&tx, self.workspace, made.key.id, &hours, (last, parse(KEYS[*place].address)?)).await?;
                let scoped = hours.iter().filter_map(|(hour, scope, count, _)| Some((*hour, (*scope)?, *count)));
                used.insert((*place, made.key.id), scoped.collect());
            }
        }
        tx.commit().await?;
        self.write_requests(&used).await
    }

    /// Returns the requests of a key by hour and scope until `over`: those of its rhythm, and its writes.
    fn hours(&self, chance: &Chance, place: usize, key: &Key, over: Time) -> Vec<(Time, Option<Scope>, i64, i64)> {
        let mut counts: Vec<_> = Vec::new();
        let mut at = key.created_at.hour().after(HOUR);
        while at < over {
            let (hour, is_workday) = self.plan.calendar.hour_of(at);
            // The hour that has begun counts as far as it is over.
            let share = i64::try_from(over.since(at).min(HOUR).as_secs() / 60).unwrap_or(60);
            for (scope, count) in requests(KEYS[place].rhythm, hour, is_workday) {
                let count = count * i64::from(chance.between(75, 125)) * share / 6_000;
                counts.push((at, Some(scope), count, 0));
            }
            at = at.after(HOUR);
        }
        let writes = self.writes.iter().filter(|((key, ..), _)| *key == place);
        for ((_, hour, scope), count) in writes {
            match counts.iter_mut().find(|(at, other, ..)| at == hour && *other == Some(*scope)) {
                Some((.., known, _)) => *known += count,
                None => counts.push((*hour, Some(*scope), *count, 0)),
            }
        }
        counts.retain(|(_, _, count, _)| *count > 0);
        debug_assert!(counts.iter().all(|(_, scope, ..)| scope.is_some_and(|scope| rules::scopes_of(place).cover(scope))));
        counts
    }
}

/// Returns the usual number of requests in an hour, by scope, besides the writes of the plan.
fn requests(rhythm: Rhythm, hour: i32, is_workday: bool) -> Vec<(Scope, i64)> {
    let is_office = is_workday && (7..19).contains(&hour);
    let [trips, fleet, invoices, safety] = [Module::Trips, Module::Fleet, Module::Invoices, Module::Safety].map(Scope::read);
    match rhythm {
        Rhythm::Sync => vec![(trips, if is_office { 12 } else { 5 }), (fleet, 1)],
        Rhythm::Screen => vec![(safety, if is_workday && (7..18).contains(&hour) { 60 } else { 0 })],
        Rhythm::Accounting if hour == 2 => vec![(invoices, 9), (trips, 2)],
        Rhythm::Accounting if is_office => vec![(invoices, 5), (trips, 2)],
        Rhythm::Once | Rhythm::Accounting => vec![],
        Rhythm::Website(busiest) => {
            let share = usize::try_from(hour).ok().and_then(|hour| VISITORS.get(hour)).copied().unwrap_or_default();
            vec![(fleet, busiest * share * if is_workday { 10 } else { 7 } / 1_000)]
        }
    }
}
