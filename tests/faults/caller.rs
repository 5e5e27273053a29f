//! A client that makes calls and records each response in the ledger.
//!
//! - `writes` calls that change something; `reads` calls that check what the ledger knows

mod reads;
mod writes;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use testkit::{Client, Key, Response};

use super::ledger::Ledger;

/// A kind of call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    SignIn,
    SignOut,
    CreateKey,
    RotateKey,
    RevokeKey,
    UpsertTrip,
    /// Up to 89 trips in one call, of which 50 are in one transaction.
    UpsertBatch,
    PostTrip,
    Report,
    Invoice,
    /// A creation once more, with its `Idempotency-Key`.
    Repeat,
    /// Presents any key of the ledger.
    WhoAmI,
    /// Presents any session of the ledger.
    Session,
}

impl Call {
    /// The calls that write, each once.
    pub const WRITES: [Self; 10] = [
        Self::CreateKey,
        Self::UpsertTrip,
        Self::UpsertBatch,
        Self::PostTrip,
        Self::Report,
        Self::RotateKey,
        Self::Invoice,
        Self::Repeat,
        Self::UpsertTrip,
        Self::RevokeKey,
    ];
}

/// The result of a call.
#[derive(Debug)]
pub enum Outcome {
    Done(Response),
    /// 503 or 507: it may have happened.
    Unavailable,
    /// The connection was closed without a response.
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

enum Credential<'a> {
    None,
    Bearer(&'a str),
    Key(&'a str),
}

/// The address of the node, and the credentials of a client.
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
            Call::UpsertBatch => self.upsert_batch(),
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
