//! The use of the demo's keys: traffic, a revocation, and events that an auditor would examine.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::facts::{DemoKey, OLD_WEBSITE};
use super::seed::{DAY, HOUR, OWNER, Operator, failed, input, parse};
use crate::audit::{Actor, AuditContext};
use crate::auth::{self, Attempt};
use crate::background;
use crate::cli::Failure;
use crate::keys::{self, CreateKey, DenialReason, DeniedRequest, EntryRef, Flush, Key, NewKey, RevokeKey};
use crate::scopes::{Module, Scope};

/// The day on which the key of the old website is revoked.
const RETIRED_DAYS_AGO: u32 = 12;

/// The days on which a forgotten server still uses that key.
const STRAGGLES: [u32; 5] = [11, 9, 8, 5, 2];

impl Operator {
    pub(super) async fn make_key(&self, demo: &DemoKey) -> Result<NewKey, Failure> {
        let now = self.app.clock.now();
        let scopes = if demo.scopes.is_empty() { Value::Null } else { json!(demo.scopes) };
        let create: CreateKey = input(json!({
            "name": demo.name, "permissions": demo.permissions, "scopes": scopes, "description": demo.about,
            "expiresAt": demo.good_for_days.map(|days| now.after(days * DAY)),
        }))?;
        let used = create.chosen_scopes().iter().next();
        let made = keys::create(&self.app.keys, self.workspace, self.by(1), create, None).await?;
        self.use_key(demo, &made, used).await?;
        Ok(made)
    }

    /// Simulates the traffic of a key since its creation: more during the day, less at night and on weekends, some denied.
    async fn use_key(&self, demo: &DemoKey, made: &NewKey, scope: Option<Scope>) -> Result<(), Failure> {
        let (begun, ended) = (made.key.created_at, made.key.expires_at.map_or(self.today, |expiry| expiry.min(self.today)));
        let ended = if demo.name == OLD_WEBSITE { self.today.before((RETIRED_DAYS_AGO + 1) * DAY) } else { ended };
        let (mut hours, mut at) = (Vec::new(), begun.hour().after(HOUR));
        while at < ended {
            let of_day = at.micros() / 3_600_000_000 % 24;
            let is_weekend = matches!(at.date().weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
            let share = match (of_day, is_weekend) {
                (6..=18, false) => 100,
                (6..=18, true) => 35,
                _ => 12,
            };
            let wobble = i64::try_from(70 + self.below(60)).unwrap_or(100);
            let denied = i64::from(self.below(90) == 0) * 3;
            hours.push((at, scope, demo.per_hour * share * wobble / 10_000, denied));
            at = at.after(HOUR);
        }
        let address = parse(demo.address)?;
        let tx = self.app.db.begin().await?;
        keys::import_usage(&tx, self.workspace, made.key.id, address, &hours).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Revokes the key of the old website once the dashboard has replaced it. A forgotten server still uses it.
    pub(super) async fn live_with_the_old_website(&self, old: &NewKey, ago: u32) -> Result<(), Failure> {
        match ago {
            RETIRED_DAYS_AGO => self.retire(old).await,
            _ if STRAGGLES.contains(&ago) => {
                let entry = self.entry(&old.key)?;
                for _ in 0..20 + self.below(60) {
                    let (reason, scope) = (DenialReason::Revoked, Scope::read(Module::Fleet));
                    self.app.recorder.deny(&entry, reason, Some(scope), self.from("192.0.2.45", "curl/7.88.1")?);
                }
                background::flush(&self.app, Flush::Last).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn retire(&self, made: &NewKey) -> Result<(), Failure> {
        let reason = Some(parse("Replaced by the Fleet Dashboard")?);
        keys::revoke(&self.app.keys, self.workspace, self.by(1), made.key.id, RevokeKey { reason }).await?;
        Ok(())
    }

    /// Simulates a guessed password, and a key that is used from a new address.
    pub(super) async fn have_trouble(&self, ago: u32) -> Result<(), Failure> {
        if ago == 6 {
            let (email, stranger) = (parse(OWNER)?, parse::<IpAddr>("192.0.2.210")?);
            let by = |actor: Actor| AuditContext {
                ip: Some(stranger),
                user_agent: Some("Mozilla/5.0".to_owned()),
                ..AuditContext::of(actor)
            };
            let origin = auth::Origin { address: stranger, browser: None };
            let password = "a guess at a password".to_owned().into();
            let attempt = Attempt { email: &email, password, workspace: None, origin };
            let guess = auth::sign_in(&self.app, &self.app.passwords, &self.app.sign_ins, attempt, by).await;
            if guess.is_ok() {
                return Err(failed("the guess was right"));
            }
            background::flush(&self.app, Flush::Last).await;
        }
        if ago == 4 {
            let (db, now) = (self.app.db.read(), self.app.clock.now());
            let known = keys::find_by_id_or_name(db, self.workspace, "QuickBooks Integration", now).await?;
            let entry = self.entry(&known.ok_or_else(|| failed("a key of the demo"))?)?;
            self.app.recorder.allow(&entry, Some(Scope::read(Module::Invoices)), parse("198.51.100.77")?, now);
            background::flush(&self.app, Flush::Last).await;
        }
        Ok(())
    }

    fn entry(&self, key: &Key) -> Result<EntryRef, Failure> {
        self.app.index.get(&key.digest).ok_or_else(|| failed("a key that is not there"))
    }

    fn from<'a>(&self, address: &str, user_agent: &'a str) -> Result<DeniedRequest<'a>, Failure> {
        Ok(DeniedRequest {
            address: parse(address)?,
            now: self.app.clock.now(),
            request_id: "demo",
            user_agent: Some(user_agent.to_owned()),
        })
    }
}
