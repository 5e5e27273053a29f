//! A client that makes calls and notes in the ledger what each was answered.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::{Client, Key, OWNER, PASSWORD, Response, create_key_body};

use super::ledger::{Creation, Fact, Ledger};

/// A kind of call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    SignIn,
    SignOut,
    CreateKey,
    RotateKey,
    RevokeKey,
    UpsertTrip,
    PostTrip,
    Report,
    Invoice,
    /// A creation once more, with its `Idempotency-Key`.
    Repeat,
    /// With any key.
    WhoAmI,
    /// With any session.
    Session,
}

impl Call {
    /// The calls that write, each once.
    pub const WRITES: [Self; 9] = [
        Self::CreateKey,
        Self::UpsertTrip,
        Self::PostTrip,
        Self::Report,
        Self::RotateKey,
        Self::Invoice,
        Self::Repeat,
        Self::UpsertTrip,
        Self::RevokeKey,
    ];
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    Done(Response),
    /// 503 or 507: it may have happened.
    Unavailable,
    /// Without an answer.
    Cut,
    /// Any other status: it has not happened.
    Refused(Response),
    /// There is nothing to make such a call with.
    Skipped,
}

impl Outcome {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable)
    }
}

/// With what a call is made.
enum Credential<'a> {
    None,
    Bearer(&'a str),
    Key(&'a str),
}

/// Where to call, and as whom.
#[derive(Clone)]
pub struct Access {
    pub address: SocketAddr,
    pub token: String,
    pub writer: Key,
}

/// One client; what it makes has names that begin with its own.
pub struct Caller {
    name: String,
    access: Access,
    ledger: Arc<Mutex<Ledger>>,
    connection: Option<Client>,
    random: StdRng,
    number: u64,
    trips: u64,
}

impl Caller {
    pub fn new(name: &str, seed: u64, access: &Access, ledger: &Arc<Mutex<Ledger>>) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self {
            name: name.to_owned(),
            access: access.clone(),
            ledger: Arc::clone(ledger),
            connection: None,
            random,
            number: 0,
            trips: 5,
        }
    }

    /// The session that it is signed in with.
    pub fn token(&self) -> &str {
        &self.access.token
    }

    /// Goes on at a node that was started again.
    pub fn moves_to(&mut self, address: SocketAddr) {
        self.access.address = address;
        self.connection = None;
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn call(&mut self, call: Call) -> Outcome {
        match call {
            Call::SignIn => self.sign_in(),
            Call::SignOut => self.sign_out(),
            Call::CreateKey => self.create_key(),
            Call::RotateKey => self.rotate_key(),
            Call::RevokeKey => self.revoke_key(),
            Call::UpsertTrip => self.upsert_trip(),
            Call::PostTrip => self.post_trip(),
            Call::Report => self.report(),
            Call::Invoice => self.invoice(),
            Call::Repeat => self.repeat(),
            Call::WhoAmI => self.who_am_i(),
            Call::Session => self.session(),
        }
    }

    fn next(&mut self) -> String {
        self.number += 1;
        format!("{}-{}", self.name, self.number)
    }

    fn sign_in(&mut self) -> Outcome {
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

    fn sign_out(&mut self) -> Outcome {
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

    fn create_key(&mut self) -> Outcome {
        let name = self.next();
        self.ledger().key(&name).made.attempt(1);
        let outcome = self.as_owner("/api/v1/api-keys", &create_key_body(&name, &["trips:read"]));
        self.note_key("creating a key", &name, outcome)
    }

    fn rotate_key(&mut self) -> Outcome {
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

    /// A key of this client's own that nobody has tried to revoke.
    fn any_active(&mut self) -> Option<(String, Key)> {
        let prefix = format!("{}-", self.name);
        let ledger = self.ledger();
        let active = ledger.keys.iter().filter(|(name, record)| name.starts_with(&prefix) && record.revoked.is(0));
        let active: Vec<_> = active.filter_map(|(name, record)| Some((name.clone(), record.key.clone()?))).collect();
        drop(ledger);
        if active.is_empty() { None } else { Some(active[self.random.random_range(0..active.len())].clone()) }
    }

    fn revoke_key(&mut self) -> Outcome {
        // What was revoked without an answer is repeated until it has one.
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

    fn upsert_trip(&mut self) -> Outcome {
        self.number += 1;
        // Some are new, most replace another.
        if self.random.random_bool(0.3) {
            self.trips += 1;
        }
        let (external_id, version) = (format!("{}-trip-{}", self.name, self.random.random_range(0..self.trips)), self.number);
        self.ledger().trips.entry(external_id.clone()).or_default().attempt(version);
        let padding = "n".repeat(self.random.random_range(0..3_000));
        let body = trip(&json!(format!("v{version} {padding}")), None);
        let outcome = self.as_writer("PUT", &format!("/api/v1/ops/trips/by-external-id/{external_id}"), &body);
        if outcome.is_done() {
            self.ledger().trips.entry(external_id).or_default().set(version);
        }
        self.note("writing a trip", outcome, |_| false)
    }

    fn post_trip(&mut self) -> Outcome {
        let text = self.next();
        self.create(&text, "/api/v1/ops/trips", trip(&json!("posted"), Some(&text)))
    }

    fn report(&mut self) -> Outcome {
        let text = self.next();
        let body = json!({
            "reportType": "hazard", "title": text, "description": "Fuel was spilled beside the stand. ".repeat(20),
            "occurredAt": "2026-01-01T10:00:00Z",
        });
        self.create(&text, "/api/v1/sms/reports", body)
    }

    fn invoice(&mut self) -> Outcome {
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

    fn repeat(&mut self) -> Outcome {
        let prefix = format!("{}-", self.name);
        let mut texts: Vec<_> = self.ledger().creations.keys().filter(|text| text.starts_with(&prefix)).cloned().collect();
        if texts.is_empty() {
            return Outcome::Skipped;
        }
        let text = texts.swap_remove(self.random.random_range(0..texts.len()));
        self.create_once(&text)
    }

    fn who_am_i(&mut self) -> Outcome {
        let known: Vec<_> =
            self.ledger().keys.iter().filter(|(_, record)| record.key.is_some()).map(|(name, _)| name.clone()).collect();
        if known.is_empty() {
            return Outcome::Skipped;
        }
        let name = &known[self.random.random_range(0..known.len())];
        self.presents(name)
    }

    /// Presents a key, and holds the answer against the ledger.
    pub fn presents(&mut self, name: &str) -> Outcome {
        let before = self.ledger().key(name).clone();
        let Some(key) = before.key else { return Outcome::Skipped };
        let outcome = self.send(&Credential::Key(&key.secret), "GET", "/api/v1/auth/whoami", None, None);
        let mut ledger = self.ledger();
        match &outcome {
            Outcome::Done(_) if before.revoked.is(1) => {
                ledger.breaks(format!("the key {name} was revoked, and is accepted"));
            }
            Outcome::Refused(answer) => {
                let is_revoked = answer.status == 401 && answer.json["error"]["code"] == "API_KEY_REVOKED";
                if !is_revoked || !ledger.key(name).revoked.may_be(1) {
                    ledger.breaks(format!(
                        "the key {name} is {:?}, and answered {} {}",
                        before.revoked, answer.status, answer.body
                    ));
                }
            }
            _ => {}
        }
        outcome
    }

    fn session(&mut self) -> Outcome {
        let sessions = self.ledger().sessions.clone();
        if sessions.is_empty() {
            return Outcome::Skipped;
        }
        let before = &sessions[self.random.random_range(0..sessions.len())];
        let outcome = self.send(&Credential::Bearer(&before.token), "GET", "/api/v1/auth/whoami", None, None);
        let mut ledger = self.ledger();
        let now = ledger.sessions.iter().find(|session| session.token == before.token).map(|session| session.open.clone());
        match (&outcome, now) {
            (Outcome::Done(_), _) if before.open.is(0) => ledger.breaks("a session that was ended is open".to_owned()),
            (Outcome::Refused(answer), Some(now)) if !now.may_be(0) => {
                ledger.breaks(format!("a session that was opened is answered {}", said(answer)));
            }
            _ => {}
        }
        outcome
    }

    /// Notes a refusal that nothing explains.
    fn note(&mut self, what: &str, outcome: Outcome, expected: impl Fn(&Response) -> bool) -> Outcome {
        let mut ledger = self.ledger();
        match &outcome {
            Outcome::Done(_) => ledger.totals.writes += 1,
            Outcome::Refused(answer) if !expected(answer) => {
                ledger.breaks(format!("{what} was answered {}", said(answer)));
            }
            _ => {}
        }
        outcome
    }

    fn as_owner(&mut self, path: &str, body: &Value) -> Outcome {
        let token = self.access.token.clone();
        self.send(&Credential::Bearer(&token), "POST", path, Some(body), None)
    }

    fn as_writer(&mut self, method: &str, path: &str, body: &Value) -> Outcome {
        let secret = self.access.writer.secret.clone();
        self.send(&Credential::Key(&secret), method, path, Some(body), None)
    }

    fn send(
        &mut self,
        credential: &Credential<'_>,
        method: &str,
        path: &str,
        body: Option<&Value>,
        once: Option<&str>,
    ) -> Outcome {
        let answer = self.try_send(credential, method, path, body, once);
        let mut ledger = self.ledger();
        ledger.totals.calls += 1;
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Outcome::Done(answer),
            Ok(answer) if matches!(answer.status, 503 | 507) => {
                ledger.totals.unavailable += 1;
                Outcome::Unavailable
            }
            Ok(answer) => Outcome::Refused(answer),
            Err(_) => {
                ledger.totals.cut += 1;
                drop(ledger);
                self.connection = None;
                Outcome::Cut
            }
        }
    }

    fn try_send(
        &mut self,
        credential: &Credential<'_>,
        method: &str,
        path: &str,
        body: Option<&Value>,
        once: Option<&str>,
    ) -> io::Result<Response> {
        let mut client = match self.connection.take() {
            Some(client) => client,
            None => Client::connect(self.access.address)?,
        };
        let mut request = client.head(method, path);
        match credential {
            Credential::None => {}
            Credential::Bearer(token) => request.extend(["authorization: Bearer ", token, "\r\n"]),
            Credential::Key(secret) => request.extend(["x-api-key: ", secret, "\r\n"]),
        }
        if let Some(once) = once {
            request.extend(["idempotency-key: ", once, "\r\n"]);
        }
        if let Some(body) = body {
            let body = body.to_string();
            request.extend(["content-type: application/json\r\ncontent-length: ", &body.len().to_string(), "\r\n\r\n", &body]);
        } else {
            request.push_str("\r\n");
        }
        client.write(request.as_bytes())?;
        let answer = client.read_response()?;
        let closes = answer.headers.iter().any(|(name, value)| name == "connection" && value == "close");
        self.connection = (!closes).then_some(client);
        Ok(answer)
    }
}

/// The status and the code of an answer.
fn said(answer: &Response) -> String {
    format!("{} {}", answer.status, answer.json["error"]["code"])
}

fn trip(notes: &Value, external_id: Option<&str>) -> Value {
    json!({
        "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2027-01-01T10:00:00Z",
        "notes": notes, "externalId": external_id,
    })
}
