//! No key, token or signing secret is stored with what a workspace writes, whichever field, header or path it comes in.
//!
//! The fields are those of the OpenAPI document: a text field that is added to any call is tried here, too.

use std::time::Duration;

use axum::http::Method;
use kit::http::IdempotencyKey;
use planeconnection::audit::{Action, Actor, ActorKind, AuditContext, AuditedTx, Target, TargetKind};
use planeconnection::reference::document;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestApp};

/// The prefix of the signing secrets of webhooks.
const SIGNING: &str = "whsec_";

/// One key, one token of each kind and a signing secret, the first two of them valid.
async fn secrets(t: &TestApp) -> Vec<String> {
    let (key, session) = (t.key(&["trips:read"]).await.secret, t.token_of(t.owner.clone()).await);
    let made = ["pci_", "pcu_", "pcr_", SIGNING].map(|prefix| format!("{prefix}{}", t.app.random.base62(43)));
    [key, session].into_iter().chain(made).collect()
}

/// A step into a JSON value.
#[derive(Clone)]
enum Step {
    Member(String),
    First,
}

/// The name of a field as a fault gives it: `lineItems[0].description`.
fn name(steps: &[Step]) -> String {
    let names = steps.iter().map(|step| match step {
        Step::Member(name) => format!(".{name}"),
        Step::First => "[0]".to_owned(),
    });
    names.collect::<String>().trim_start_matches('.').to_owned()
}

/// Passwords and the tokens of links are what these fields are for: only digests of them are stored.
fn takes_a_secret(steps: &[Step]) -> bool {
    matches!(steps.last(), Some(Step::Member(name)) if name.to_lowercase().ends_with("password") || ["token", "code", "challenge", "ceremony"].contains(&name.as_str()))
}

/// Every string field in a schema.
fn strings(schema: &Value, document: &Value, steps: &[Step], found: &mut Vec<Vec<Step>>) {
    if let Some(named) = schema["$ref"].as_str() {
        let named = document.pointer(named.trim_start_matches('#')).expect("a schema of this name");
        return strings(named, document, steps, found);
    }
    for one in ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|which| schema[which].as_array()).flatten() {
        strings(one, document, steps, found);
    }
    for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
        strings(schema, document, &[steps, &[Step::Member(member.clone())]].concat(), found);
    }
    if schema["items"].is_object() {
        strings(&schema["items"], document, &[steps, &[Step::First]].concat(), found);
    }
    let is_string = schema["type"] == "string" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")));
    if is_string && !takes_a_secret(steps) {
        found.push(steps.to_vec());
    }
}

/// The body with this text in one field, which comes first, so that it is the one that is refused first.
fn with(body: &Value, steps: &[Step], text: &str) -> Value {
    let Some((step, rest)) = steps.split_first() else { return json!(text) };
    match step {
        Step::First => json!([with(&body[0], rest, text)]),
        Step::Member(member) => {
            let mut first = serde_json::Map::from_iter([(member.clone(), with(&body[member], rest, text))]);
            let others = body.as_object().into_iter().flatten().filter(|(name, _)| *name != member);
            first.extend(others.map(|(name, value)| (name.clone(), value.clone())));
            Value::Object(first)
        }
    }
}

/// Objects of the workspace for updates.
struct Made {
    key: String,
    member: String,
    aircraft: String,
    trip: String,
    invoice: String,
    report: String,
    webhook: String,
}

impl Made {
    async fn by(owner: &Client) -> Self {
        let make = async |path: &str, pointer: &str| owner.post(path, valid("post", path)).await.is(201).text_at(pointer);
        Self {
            key: make("/api/v1/api-keys", "/data/apiKey/id").await,
            member: make("/api/v1/members", "/data/member/id").await,
            aircraft: make("/api/v1/ops/aircraft", "/data/id").await,
            trip: make("/api/v1/ops/trips", "/data/id").await,
            invoice: make("/api/v1/ops/invoices", "/data/id").await,
            report: make("/api/v1/sms/reports", "/data/id").await,
            webhook: make("/api/v1/webhooks", "/data/webhook/id").await,
        }
    }

    /// The path with the id of what it is about.
    fn fill(&self, path: &str) -> String {
        // A body is read before a passkey or a finding is looked up.
        let [passkey, finding] = ["passkey", "finding"].map(|prefix| format!("{prefix}_01h455vb4pex5vsknk084sn02q"));
        let ids = [
            ("/api/v1/auth/passkeys", &passkey),
            ("/api/v1/findings", &finding),
            ("/api/v1/api-keys", &self.key),
            ("/api/v1/members", &self.member),
            ("/api/v1/ops/aircraft", &self.aircraft),
            ("/api/v1/ops/trips", &self.trip),
            ("/api/v1/ops/invoices", &self.invoice),
            ("/api/v1/sms/reports", &self.report),
            ("/api/v1/webhooks", &self.webhook),
        ];
        let id = ids.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map_or("none", |(_, id)| id.as_str());
        path.replace("{id}", id).replace("{externalId}", "T-1")
    }
}

/// A body that is taken, for calls that need one.
fn valid(method: &str, path: &str) -> Value {
    match (method, path) {
        ("post", "/api/v1/api-keys") => {
            json!({ "name": "A", "permissions": "custom", "scopes": ["trips:read"], "expiresAt": null })
        }
        ("post", "/api/v1/members") => json!({ "name": "Dee", "email": "dee@skyline.example", "role": "pilot" }),
        ("post", "/api/v1/auth/sign-in") => json!({ "email": "ana@skyline.example", "password": PASSWORD }),
        ("post", "/api/v1/ops/aircraft") => json!({ "tailNumber": "N525SK", "typeDesignator": "C25B", "model": "Citation CJ3+" }),
        ("post", "/api/v1/ops/trips") | ("put", "/api/v1/ops/trips/by-external-id/{externalId}") => {
            json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" })
        }
        ("post", "/api/v1/ops/invoices") => json!({
            "client": { "name": "Alpine Charter AG", "email": "accounts@alpine.example" },
            "currency": "CHF",
            "lineItems": [{ "description": "Flight hours", "quantity": "2.5", "unitPrice": 480_001 }],
            "dueDate": "2026-12-23",
        }),
        ("patch", "/api/v1/ops/invoices/{id}") => {
            json!({ "client": { "name": "Alpine" }, "lineItems": [{ "description": "Hours", "quantity": "1", "unitPrice": 1 }] })
        }
        ("post", "/api/v1/ops/invoices/{id}/payments") => json!({ "amount": 1 }),
        ("post", "/api/v1/sms/reports") => json!({
            "reportType": "hazard",
            "title": "Fuel cap found open",
            "description": "During the walk-around before the second leg the left fuel cap was found open.",
            "occurredAt": "2026-11-22T17:05:00Z",
        }),
        ("post", path) if path.ends_with("/batch") => {
            let mut item = valid("post", path.trim_end_matches("/batch"));
            if !path.contains("/aircraft/") {
                item["externalId"] = json!("T-2");
            }
            json!({ "atomic": true, "items": [item] })
        }
        ("post", "/api/v1/webhooks") => json!({ "url": "https://8.8.8.8/", "events": ["*"] }),
        _ => json!({}),
    }
}

/// A member with all rights and without exhausted limits.
async fn fresh(t: &TestApp) -> Client {
    t.app.clock.advance(Duration::from_mins(5));
    t.owner().await
}

#[tokio::test]
async fn every_text_field_of_every_call_refuses_keys_and_tokens() {
    let t = TestApp::new().await;
    let secrets = secrets(&t).await;
    let made = Made::by(&t.owner().await).await;
    let document = document("http://127.0.0.1:8080", &planeconnection::router::table());
    let mut tried = 0;
    // Reports of secrets have secrets in them, and are signed.
    let has_texts = |path: &str| path != "/api/v1/secret-scanning/github";
    for (path, operations) in document["paths"].as_object().expect("paths").iter().filter(|(path, _)| has_texts(path)) {
        for (method, operation) in operations.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let mut fields = Vec::new();
            strings(schema, &document, &[], &mut fields);
            let (call, at) = (method.to_uppercase().parse::<Method>().expect("a method"), made.fill(path));
            for steps in &fields {
                for secret in &secrets {
                    let text = format!("see {secret}.");
                    // A webhook takes a signing secret of its own.
                    let is_theirs = |text: &str| text.starts_with(SIGNING) && name(steps) == "secret";
                    for text in [secret, &text].into_iter().filter(|text| !is_theirs(text)) {
                        let body = with(&valid(method, path), steps, text);
                        let answer = fresh(&t).await.json(call.clone(), &at, body).await;
                        assert_eq!(answer.status, 400, "{method} {path} takes a secret in {}: {}", name(steps), answer.text);
                        assert!(!answer.names_field(&name(steps)).text.contains(secret.as_str()), "the answer repeats it");
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 300, "{tried} fields were tried");
    // The secret was the only reason for the refusal.
    for (method, path) in [
        ("post", "/api/v1/auth/sign-in"),
        ("put", "/api/v1/ops/trips/by-external-id/{externalId}"),
        ("patch", "/api/v1/ops/invoices/{id}"),
        ("post", "/api/v1/sms/reports"),
    ] {
        let answer =
            fresh(&t).await.json(method.to_uppercase().parse().expect("a method"), &made.fill(path), valid(method, path)).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
    }
    nothing_is_stored(&t, &secrets).await;
}

#[tokio::test]
async fn stored_headers_and_paths_refuse_keys_and_tokens() {
    let t = TestApp::new().await;
    let secrets = secrets(&t).await;
    let trip = || valid("post", "/api/v1/ops/trips");
    for secret in &secrets {
        let once = fresh(&t).await.header("idempotency-key", &format!("x{secret}"));
        let refused = once.post("/api/v1/ops/trips", trip()).await.is(400).names_field("Idempotency-Key");
        assert!(!refused.text.contains(secret.as_str()), "{}", refused.text);
        let path = format!("/api/v1/ops/trips/by-external-id/T{secret}");
        fresh(&t).await.put(&path, trip()).await.is(400).names_field("externalId");
        let carrying = fresh(&t).await.header("user-agent", &format!("agent/{secret}")).header("x-request-id", secret);
        carrying.post("/api/v1/ops/trips", trip()).await.is(201);
    }
    nothing_is_stored(&t, &secrets).await;
}

#[tokio::test]
async fn secret_in_an_audit_event_is_scrubbed_before_hashing() {
    let t = TestApp::new().await;
    let secrets = secrets(&t).await;
    for secret in &secrets {
        let actor = Actor { kind: ActorKind::Operator, id: None, name: Some(secret.clone()) };
        let by = AuditContext { user_agent: Some(format!("a {secret}")), ..AuditContext::of(actor) };
        let once = IdempotencyKey { key: "once".to_owned() + secret, fingerprint: [7; 32] };
        let (mut tx, _) = AuditedTx::begin_idempotent(&t.app, t.workspace.id, by, Some(once)).await.expect("a transaction");
        let details = json!({ "notes": { "from": null, "to": [format!("it is {secret}")] } });
        tx.record(Action::TripUpdated, Some(Target::new(TargetKind::Trip, "trip_1", &format!("x{secret}"))), details);
        tx.commit_answering(200, &json!({ "notes": secret })).await.expect("a commit");
    }
    nothing_is_stored(&t, &secrets).await;
    let verdict = planeconnection::audit::verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert!(verdict.fault.is_none(), "{:?}", verdict.fault);
}

/// A log that holds a key since before they were refused stays as it was hashed.
#[tokio::test]
async fn log_with_a_stored_key_verifies_and_does_not_echo_it() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    let trip = owner.post("/api/v1/ops/trips", valid("post", "/api/v1/ops/trips")).await.is(201).text_at("/data/id");
    t.tamper(&format!("UPDATE trips SET notes = '{}'", key.secret)).await;
    owner.patch(&format!("/api/v1/ops/trips/{trip}"), json!({ "notes": "Taken out" })).await.is(200);
    nothing_is_stored(&t, &[key.secret]).await;
    let verdict = planeconnection::audit::verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert!(verdict.fault.is_none(), "{:?}", verdict.fault);
}

async fn nothing_is_stored(t: &TestApp, secrets: &[String]) {
    t.flush().await;
    let stored = String::from_utf8_lossy(&t.database.dump().await).to_lowercase();
    for secret in secrets {
        assert!(!stored.contains(&secret[4..].to_lowercase()), "{}… is in the database", &secret[..4]);
    }
}

#[tokio::test]
async fn form_reports_keys_and_tokens_per_field() {
    let t = TestApp::new().await;
    let ana = t.person(planeconnection::members::Role::AccountOwner).await;
    let key = t.key(&["trips:read"]).await;
    let secrets = secrets(&t).await;
    let show = format!("/settings/api-keys/{}", key.id);
    for secret in &secrets {
        let text = format!("x {secret}");
        let new = [("permissions", "read_only"), ("expiration", "never")];
        for field in ["name", "description"] {
            let fields = [&[(field, text.as_str())][..], &new].concat();
            ana.submit("/settings/api-keys/new", "/settings/api-keys/new", &fields)
                .await
                .is(400)
                .says("contains an API key or token");
        }
        let reason = [("reason", text.as_str())];
        ana.submit(&format!("{show}/revoke"), &format!("{show}/revoke"), &reason)
            .await
            .is(400)
            .says("contain an API key or token");
        for (field, other) in [("name", ("email", "dee@skyline.example")), ("email", ("name", "Dee"))] {
            let mailed = format!("{secret}@skyline.example");
            let typed = if field == "email" { mailed.as_str() } else { &text };
            let fields = [(field, typed), other, ("role", "pilot")];
            let path = "/settings/members/new";
            ana.submit(path, path, &fields).await.is(400).says("contain an API key or token");
        }
    }
    nothing_is_stored(&t, &secrets).await;
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
}
