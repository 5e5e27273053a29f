//! Requests of a running node with the expected verdicts, and programs that verify them.

#![expect(clippy::disallowed_methods, reason = "receivers compare with the real time")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use kit::clock::Time;
use planeconnection::webhooks::SigningSecret;
use serde_json::{Value, json};
use testkit::{AIRCRAFT, Client, ReceivedRequest, Receiver};

use crate::webhook_delivery::{node, site_with_key};

/// Secrets of another system: visible characters, and bytes in base64.
const OWN: &str = "a-secret-of-another-system";
const OWN_BYTES: &str = "whsec_dGhlIGJ5dGVzIG9mIGFub3RoZXIgc3lzdGVt";

/// Seconds after which a request is too old, with some to spare.
const LONG: i64 = 600;

/// A request, and whether its receiver has to accept it.
pub(super) struct Case {
    pub(super) what: String,
    pub(super) secret: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) fits: bool,
}

/// An endpoint whose secret is rotated, and what it receives.
struct Rotated {
    owner: Client,
    receiver: Receiver,
    endpoint: String,
}

impl Rotated {
    fn rotate(&mut self, change: &Value) -> String {
        let rotated = self.owner.post(&format!("/api/v1/webhooks/{}/rotate-secret", self.endpoint), change).is(200);
        rotated.json["data"]["secret"].as_str().expect("a secret").to_owned()
    }

    /// Adds an aircraft, and returns the request about it.
    fn receive(&mut self) -> ReceivedRequest {
        let count = self.receiver.count();
        let aircraft = json!({
            "tailNumber": format!("N{}", 100 + count), "typeDesignator": "C68A", "model": "Zoë → Latitude", "homeBase": "KTEB",
        });
        self.owner.post(AIRCRAFT, &aircraft).is(201);
        self.receiver.wait_for(count + 1).pop().expect("a request")
    }
}

fn case(what: &str, secret: &str, request: &ReceivedRequest, fits: bool) -> Case {
    let body = String::from_utf8(request.body.clone()).expect("text");
    Case { what: what.to_owned(), secret: secret.to_owned(), headers: request.headers.clone(), body, fits }
}

/// Replaces a header.
fn with_header(request: &ReceivedRequest, name: &str, value: &str) -> ReceivedRequest {
    let replaced = |(known, old): &(String, String)| (known.clone(), if known == name { value } else { old }.to_owned());
    ReceivedRequest { headers: request.headers.iter().map(replaced).collect(), body: request.body.clone() }
}

/// A request as the node would have sent it at another time.
fn sent_at(request: &ReceivedRequest, secret: &str, seconds: i64) -> ReceivedRequest {
    let time = Time::from_micros(seconds * 1_000_000).expect("a time");
    let secret = SigningSecret::parse(secret).expect("a secret");
    let signature = secret.sign_standard(request.header("webhook-id"), time, &request.body);
    with_header(&with_header(request, "webhook-timestamp", &seconds.to_string()), "webhook-signature", &signature)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

/// Collects requests of a node, before, during and after rotations of the secret, and tampers with some.
pub(super) fn cases() -> Vec<Case> {
    let ((site, key), receiver) = (site_with_key(), Receiver::start());
    let node = node(&site, &key);
    let mut owner = node.owner();
    let made = owner.post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["aircraft.created"] })).is(201);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (endpoint, first) = (text(&made.json["data"]["webhook"]["id"]), text(&made.json["data"]["secret"]));
    let mut rotated = Rotated { owner, receiver, endpoint };
    let before = rotated.receive();
    let second = rotated.rotate(&json!({}));
    let during = rotated.receive();
    rotated.rotate(&json!({ "secret": OWN }));
    let with_three = rotated.receive();
    let last = rotated.rotate(&json!({ "overlapHours": 0 }));
    let after = rotated.receive();
    rotated.rotate(&json!({ "secret": OWN_BYTES, "overlapHours": 0 }));
    let own_bytes = rotated.receive();

    let mut cases = vec![
        case("the only secret", &first, &before, true),
        case("the next secret, before the rotation", &second, &before, false),
        case("the new secret of a rotation", &second, &during, true),
        case("the old secret of a rotation", &first, &during, true),
        case("a secret that was never used", OWN, &during, false),
        case("an own secret as the new one", OWN, &with_three, true),
        case("the secret before it", &second, &with_three, true),
        case("the secret before that", &first, &with_three, true),
        case("the new secret after a rotation without overlap", &last, &after, true),
        case("an own secret in base64", OWN_BYTES, &own_bytes, true),
    ];
    for ended in [&first, &second, OWN] {
        cases.push(case("a secret that has ended", ended, &after, false));
    }
    let altered = case("an altered body", &last, &after, false);
    cases.push(Case { body: altered.body.replace("KTEB", "KMIA"), ..altered });
    for (name, value) in [
        ("webhook-id", "evt_00000000000000000000000001"),
        ("webhook-timestamp", &(now() - 2).to_string()),
        ("webhook-signature", "v1,"),
        ("webhook-signature", during.header("webhook-signature")),
    ] {
        cases.push(case(&format!("another {name}"), &last, &with_header(&after, name, value), false));
    }
    for secret in [&last, OWN] {
        cases.push(case("a request of now", secret, &sent_at(&after, secret, now()), true));
        cases.push(case("an old request", secret, &sent_at(&after, secret, now() - LONG), false));
        cases.push(case("a request of the future", secret, &sent_at(&after, secret, now() + LONG), false));
    }
    cases
}

/// Runs a program that answers each line of its input, a request in JSON, with `accepted` or the reason of a refusal. Asserts
/// that its answers are those that the requests deserve.
pub(super) fn assert_verdicts(command: &mut Command, cases: &[Case]) {
    let name = format!("{command:?}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{name} does not start ({error}): cargo xtask test installs it");
    });
    let mut input = child.stdin.take().expect("its input");
    for case in cases {
        let headers: Value = case.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let line = json!({ "secret": case.secret, "headers": headers, "body": case.body });
        writeln!(input, "{line}").expect("a line");
    }
    drop(input);
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8(output.stdout).expect("text");
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), cases.len(), "{name} ended early: {said:?}");
    for (case, said) in cases.iter().zip(said) {
        assert_eq!(said == "accepted", case.fits, "{name}: {}: {said}", case.what);
    }
}

/// Returns the headers of a request in the type of the crate `http`.
pub(super) fn header_map(case: &Case) -> axum::http::HeaderMap {
    let headers = case.headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
    headers.collect()
}
