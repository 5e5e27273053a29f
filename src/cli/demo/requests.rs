//! The latest requests of the demo's keys, and the refusals that can be looked up.

use std::collections::HashMap;
use std::time::Duration;

use super::integrations::KEYS;
use super::seed::Operator;
use crate::cli::Failure;
use crate::keys::{DenialReason, EntryRef, KeyId};
use crate::requests::{self, Cause, KEPT, KeyFacts, KeyRefusal, LATEST, LatestRequest, Refusal, RefusedKey};
use crate::scopes::{Access, Module, Scope};
use kit::clock::Time;
use kit::ids::uuid_v7;

/// The use of keys by hour and scope, by the place of the key in the plan.
pub(super) type UsedHours = HashMap<(usize, KeyId), Vec<(Time, Scope, i64)>>;

/// Requests of one hour and scope that are listed at most.
const IN_AN_HOUR: i64 = 12;

impl Operator {
    /// Returns a new request id.
    pub(super) fn request_id(&self) -> String {
        format!("req_{}", uuid_v7(self.app.clock.now(), &self.app.random).simple())
    }

    /// Keeps a refused request of a key, unless it is older than those that are kept.
    pub(super) fn keep_refusal(&self, entry: &EntryRef, place: usize, reason: DenialReason, scope: Scope, request_id: &str) {
        let at = self.app.clock.now();
        let Ok(address) = KEYS[place].address.parse() else { return };
        if self.today.since(at) >= KEPT {
            return;
        }
        let refusal = KeyRefusal::new(entry.clone(), reason, Some(scope));
        let (method, route) = call(scope);
        self.app.requests.add(Refusal {
            id: uuid_v7(at, &self.app.random),
            workspace: Some(self.workspace),
            request_id: request_id.to_owned(),
            at,
            method: method.to_owned(),
            route: Some(route.to_owned()),
            status: if reason == DenialReason::Revoked { 401 } else { 403 },
            code: reason.code().to_owned(),
            cause: Some(Cause::Key(reason)),
            key: Some(RefusedKey { id: entry.id, name: entry.name.to_string() }),
            facts: Some(KeyFacts::of(&refusal, address, at)),
        });
    }

    /// Returns the latest requests of keys whose use by the hour is this. Writes of safety reports are not listed.
    pub(super) fn latest_requests(&self, used: &UsedHours) -> Vec<LatestRequest> {
        let mut listed = Vec::new();
        for ((place, key), hours) in used {
            let mut requests: Vec<_> = hours.iter().flat_map(|hour| self.requests_of(*place, *key, *hour)).collect();
            requests.sort_by_key(|request| std::cmp::Reverse(request.at));
            requests.dedup_by_key(|request| request.at);
            requests.truncate(usize::try_from(LATEST).unwrap_or(usize::MAX));
            listed.extend(requests);
        }
        listed
    }

    fn requests_of(&self, place: usize, key: KeyId, (hour, scope, count): (Time, Scope, i64)) -> Vec<LatestRequest> {
        let is_listed = self.today.since(hour) < KEPT && scope != Scope::write(Module::Safety);
        let count = if is_listed { count.clamp(0, IN_AN_HOUR) } else { 0 };
        let (method, route) = call(scope);
        let request = |number: i64| {
            // Spread over 50 minutes, at other seconds for each scope.
            let seconds =
                (number * 3_517 + i64::try_from(scope.index()).unwrap_or(0) * 41) % (3_000 / IN_AN_HOUR) + number * 3_000 / count;
            let at = hour.after(Duration::from_secs(seconds.unsigned_abs()));
            (at < self.today).then(|| LatestRequest {
                workspace: self.workspace,
                key,
                at,
                request_id: format!("req_{}", uuid_v7(at, &self.app.random).simple()),
                method: method.to_owned(),
                route: Some(route.to_owned()),
                status: if method == "POST" { 201 } else { 200 },
                code: None,
                address: Some(KEYS[place].address.to_owned()),
                scope: Some(scope),
            })
        };
        (0..count).filter_map(request).collect()
    }

    pub(super) async fn write_requests(&self, used: &UsedHours) -> Result<(), Failure> {
        let tx = self.app.db.begin().await?;
        requests::insert_latest(&tx, &self.latest_requests(used)).await?;
        Ok(tx.commit().await?)
    }
}

/// Returns a call that needs a scope: its method and its route.
const fn call(scope: Scope) -> (&'static str, &'static str) {
    match (scope.module, scope.access) {
        (Module::Trips, Access::Read) => ("GET", "/api/v1/ops/trips"),
        (Module::Trips, Access::Write) => ("PATCH", "/api/v1/ops/trips/{id}"),
        (Module::Fleet, Access::Read) => ("GET", "/api/v1/ops/aircraft"),
        (Module::Fleet, Access::Write) => ("PATCH", "/api/v1/ops/aircraft/{id}"),
        (Module::Safety, Access::Read) => ("GET", "/api/v1/sms/reports"),
        (Module::Safety, Access::Write) => ("POST", "/api/v1/sms/reports"),
        (Module::Invoices, Access::Read) => ("GET", "/api/v1/ops/invoices"),
        (Module::Invoices, Access::Write) => ("POST", "/api/v1/ops/invoices"),
        (Module::Webhooks, Access::Read) => ("GET", "/api/v1/webhooks"),
        (Module::Webhooks, Access::Write) => ("POST", "/api/v1/webhooks"),
        (Module::Audit, Access::Read | Access::Write) => ("GET", "/api/v1/audit-log"),
    }
}
