//! Calls that change something.

use std::collections::BTreeMap;

use rand::RngExt;
use serde_json::{Value, json};
use testkit::{Key, OWNER, PASSWORD, create_key_body};

use super::{Caller, Credential, Outcome, said};
use crate::ledger::{Creation, Fact};

impl Caller {
    pub(super) fn sign_in(&mut self) -> Outcome {
        let outcome = self.send(
            &Credential::None,
            "POST",
            "/api/v1/auth/sign-in",
            Some(&json!({ "email": OWNER, "password": PASSWORD })),
            None,
        );
        if let Outcome::Done(answer) = &outcome {
            let token = answer.json["data"]["token"].as_str().expect("a token");
            token.clone_into(&mut self.access.token);
            self.ledger().opened(token);
        }
        // Sign-ins are limited, whatever else happens.
        self.note("sign-in", outcome, |answer| answer.status == 429)
    }

    pub(super) fn sign_out(&mut self) -> Outcome {
        let mut ledger = self.ledger();
        let own = &self.access.token;
        let Some(session) = ledger.sessions.iter_mut().find(|session| session.open.is(1) && session.token != *own) else {
            return Outcome::Skipped;
        };
        session.open.attempt(0);
        let token = session.token.clone();
        drop(ledger);
        let outcome = self.send(&Credential::Bearer(&token), "POST", "/api/v1/auth/sign-out", Some(&json!({})), None);
        if outcome.is_done() {
            self.ledger().sessions.iter_mut().filter(|session| session.token == token).for_each(|session| session.open.set(0));
        }
        self.note("sign-out", outcome, |_| false)
    }

    pub(super) fn create_key(&mut self) -> Outcome {
        let name = self.next();
        self.ledger().key(&name).made.attempt(1);
        let outcome = self.as_owner("/api/v1/api-keys", &create_key_body(&name, &["trips:read"]));
        self.note_key("creating a key", &name, outcome)
    }

    pub(super) fn rotate_key(&mut self) -> Outcome {
        let Some((_, old)) = self.any_active() else { return Outcome::Skipped };
        let name = self.next();
        self.ledger().key(&name).made.attempt(1);
        let outcome = self.as_owner(&format!("/api/v1/api-keys/{}/rotate", old.id), &json!({ "name": name }));
        self.note_key("rotating a key", &name, outcome)
    }

    fn note_key(&mut self, what: &str, name: &str, outcome: Outcome) -> Outcome {
        match &outcome {
            Outcome::Done(answer) => {
                let mut ledger = self.ledger();
                let record = ledger.key(name);
                record.made.set(1);
                record.key = Some(Key::from_json(&answer.json["data"]));
            }
            Outcome::Refused(_) => self.ledger().key(name).made.set(0),
            _ => {}
        }
        self.note(what, outcome, |_| false)
    }

    /// A key of this client that no call has tried to revoke.
    fn any_active(&mut self) -> Option<(String, Key)> {
        let prefix = format!("{}-", self.name);
        let ledger = self.ledger();
        let active = ledger.keys.iter().filter(|(name, record)| name.starts_with(&prefix) && record.revoked.is(0));
        let active: Vec<_> = active.filter_map(|(name, record)| Some((name.clone(), record.key.clone()?))).collect();
        drop(ledger);
        if active.is_empty() { None } else { Some(active[self.random.random_range(0..active.len())].clone()) }
    }

    pub(super) fn revoke_key(&mut self) -> Outcome {
        // A revocation without a response is repeated until it has one.
        let prefix = format!("{}-", self.name);
        let open = self.ledger().keys.iter().find_map(|(name, record)| {
            let is_open = name.starts_with(&prefix) && record.revoked.may_be(1) && !record.revoked.is(1);
            record.key.clone().filter(|_| is_open).map(|key| (name.clone(), key))
        });
        let Some((name, key)) = open.or_else(|| self.any_active()) else { return Outcome::Skipped };
        self.ledger().key(&name).revoked.attempt(1);
        let outcome = self.as_owner(&format!("/api/v1/api-keys/{}/revoke", key.id), &json!({}));
        if outcome.is_done() {
            self.ledger().key(&name).revoked.set(1);
        }
        self.note("revoking a key", outcome, |_| false)
    }

    /// The external id and version of a trip that is about to be written, and its body.
    fn next_version(&mut self) -> (String, u64, Value) {
        self.number += 1;
        // Some are new, most replace another.
        if self.random.random_bool(0.3) {
            self.trips += 1;
        }
        let (external_id, version) = (format!("{}-trip-{}", self.name, self.random.random_range(0..self.trips)), self.number);
        self.ledger().trips.entry(external_id.clone()).or_default().attempt(version);
        let padding = "n".repeat(self.random.random_range(0..3_000));
        let body = trip(&json!(format!("v{version} {padding}")), Some(&external_id));
        (external_id, version, body)
    }

    pub(super) fn upsert_batch(&mut self) -> Outcome {
        // A batch names each trip once: of a trip that is chosen again, the first version is not sent.
        let mut items = BTreeMap::new();
        for _ in 0..self.random.random_range(1..90) {
            let (external_id, version, body) = self.next_version();
            items.insert(external_id, (version, body));
        }
        let bodies: Vec<_> = items.values().map(|(_, body)| body).collect();
        let body = json!({ "items": bodies, "atomic": self.random.random_bool(0.5) });
        let outcome = self.as_writer("POST", "/api/v1/ops/trips/batch", &body);
        if let Outcome::Done(answer) = &outcome {
            let mut ledger = self.ledger();
            let results = answer.json["data"]["items"].as_array().cloned().unwrap_or_default();
            for (result, (external_id, (version, _))) in results.iter().zip(&items) {
                match result["status"].as_u64() {
                    Some(200 | 201) => ledger.trips.entry(external_id.clone()).or_default().set(*version),
                    // Its transaction has failed, after one that was stored.
                    Some(503 | 507) => {}
                    _ => ledger.breaks(format!("an item of a batch was refused: {result}")),
                }
            }
        }
        self.note("writing a batch of trips", outcome, |_| false)
    }

    pub(super) fn upsert_trip(&mut self) -> Outcome {
        let (external_id, version, body) = self.next_version();
        let outcome = self.as_writer("PUT", &format!("/api/v1/ops/trips/by-external-id/{external_id}"), &body);
        if outcome.is_done() {
            self.ledger().trips.entry(external_id).or_default().set(version);
        }
        self.note("writing a trip", outcome, |_| false)
    }

    pub(super) fn post_trip(&mut self) -> Outcome {
        let text = self.next();
        self.create(&text, "/api/v1/ops/trips", trip(&json!("posted"), Some(&text)))
    }

    pub(super) fn report(&mut self) -> Outcome {
        let text = self.next();
        let body = json!({
            "reportType": "hazard", "title": text, "description": "Fuel was spilled beside the stand. ".repeat(20),
            "occurredAt": "2026-01-01T10:00:00Z",
        });
        self.create(&text, "/api/v1/sms/reports", body)
    }

    pub(super) fn invoice(&mut self) -> Outcome {
        let text = self.next();
        let lines = json!([{ "description": "Flight", "quantity": "1", "unitPrice": 100_000 }]);
        let body = json!({
            "client": { "name": "Client" }, "currency": "EUR", "lineItems": lines, "dueDate": "2027-01-01", "externalId": text,
        });
        self.create(&text, "/api/v1/ops/invoices", body)
    }

    fn create(&mut self, text: &str, path: &'static str, body: Value) -> Outcome {
        let made = Creation { made: Fact::default(), path, body, answer: None };
        self.ledger().creations.insert(text.to_owned(), made);
        self.create_once(text)
    }

    /// Creates it, or asks for the answer again that it had.
    fn create_once(&mut self, text: &str) -> Outcome {
        let mut ledger = self.ledger();
        let creation = ledger.creations.get_mut(text).expect("a creation");
        creation.made.attempt(1);
        let (path, body, before) = (creation.path, creation.body.clone(), creation.answer.clone());
        drop(ledger);
        let secret = self.access.writer.secret.clone();
        let outcome = self.send(&Credential::Key(&secret), "POST", path, Some(&body), Some(text));
        let mut ledger = self.ledger();
        match &outcome {
            Outcome::Done(answer) => {
                let now = answer.json["data"].clone();
                if before.is_some_and(|before| before != now) {
                    ledger.breaks(format!("{text}: the same Idempotency-Key has another answer"));
                }
                let creation = ledger.creations.get_mut(text).expect("a creation");
                creation.made.set(1);
                creation.answer = Some(now);
            }
            Outcome::Refused(answer) if before.is_some() => {
                ledger.breaks(format!("{text}: repeated, it is answered {}", said(answer)));
            }
            _ => {}
        }
        drop(ledger);
        self.note(path, outcome, |_| false)
    }

    pub(super) fn repeat(&mut self) -> Outcome {
        let prefix = format!("{}-", self.name);
        let mut texts: Vec<_> = self.ledger().creations.keys().filter(|text| text.starts_with(&prefix)).cloned().collect();
        if texts.is_empty() {
            return Outcome::Skipped;
        }
        let text = texts.swap_remove(self.random.random_range(0..texts.len()));
        self.create_once(&text)
    }
}

fn trip(notes: &Value, external_id: Option<&str>) -> Value {
    json!({
        "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2027-01-01T10:00:00Z",
        "notes": notes, "externalId": external_id,
    })
}
