//! The log as a file: enough to verify it elsewhere, and harmless in a spreadsheet.

use std::io::BufRead;
use std::time::Duration;

use axum::http::Request;
use http_body_util::BodyExt;
use planeconnection::audit::{Action, AuditContext, AuditedTx};
use planeconnection::config::Config;
use planeconnection::limits::{Limit, Settings};
use planeconnection::members::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::KEYS;
use tower::ServiceExt;

use super::LOG;
use crate::support::TestApp;

/// RFC 8785 for what is in an event: members in the order of their names, no spaces, no numbers but whole ones.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: std::collections::BTreeMap<_, _> = members.iter().collect();
            let members: Vec<_> = sorted.iter().map(|(name, value)| format!("{}:{}", json!(name), canonical(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        simple => simple.to_string(),
    }
}

#[tokio::test]
async fn ndjson_export_can_be_verified_independently() {
    let t = TestApp::new().await;
    let odd = "Zürich \"100%\" <\u{20ac}\u{1f680}\u{2028}> /\\".replace('\u{2028}', "");
    t.key_with(json!({ "name": odd, "permissions": "read_only", "expiresAt": null, "ipAllowlist": ["192.0.2.0/24"] })).await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).header("user-agent", "agent \"é\" \\ \t/1").get("/api/v1/auth/whoami").await.is(200);
    t.with(&key).get(KEYS).await.is(403);
    t.flush().await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=ndjson")).await.is(200);
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let mut previous = vec![0_u8; 32];
    let mut events = 0;
    for (line, number) in export.text.lines().zip(1..) {
        let mut event: Value = serde_json::from_str(line).expect("a line of JSON");
        let hash = event.as_object_mut().and_then(|event| event.remove("hash")).expect("a hash");
        assert_eq!(event["sequence"], json!(number));
        previous = Sha256::new().chain_update(&previous).chain_update(canonical(&event)).finalize().to_vec();
        assert_eq!(json!(hex::encode(&previous)), hash, "{line}");
        events = number;
    }
    assert!(events > 8 && export.text.contains("api_key.denied"));
    assert!(export.text.contains(r#""authentication":{"methods":["password"],"ageSeconds":0}"#), "{}", export.text);
    let verdict = planeconnection::audit::verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert_eq!((verdict.events, verdict.head), (events, hex::encode(&previous)));
}

#[tokio::test]
async fn export_continues_past_the_first_batch() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    record(&t, 2_500).await;
    for filter in ["", "&outcome=success"] {
        let export = owner.get(&format!("{LOG}/export?format=ndjson{filter}")).await.is(200);
        let sequence = |line: &str| serde_json::from_str::<Value>(line).expect("a line of JSON")["sequence"].as_u64();
        let sequences: Vec<_> = export.text.lines().map(sequence).collect();
        assert!(sequences.len() > 2_500 && sequences.is_sorted(), "{filter}");
        assert_eq!(sequences.last(), Some(&Some(sequences.len() as u64)), "{filter}");
        let csv = owner.get(&format!("{LOG}/export?format=csv{filter}")).await.is(200);
        assert_eq!(csv.text.lines().filter(|line| line.starts_with("\u{feff}\"id\",")).count(), 1);
        assert_eq!(csv.text.lines().count(), sequences.len() + 1, "{filter}");
    }
}

#[tokio::test]
async fn log_with_gaps_and_altered_events_is_exported() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    record(&t, 2_500).await;
    let before = owner.get(&format!("{LOG}/export?format=ndjson")).await.is(200).text.lines().count();
    for gap in ["BETWEEN 999 AND 1001", "BETWEEN 1100 AND 1101", "= 2000"] {
        t.tamper(&format!("DELETE FROM audit_events WHERE sequence {gap}")).await;
    }
    let hash = t.database.zero_hash_sql();
    t.tamper(&format!("UPDATE audit_events SET hash = substr({hash}, 1, 1) WHERE sequence = 1500")).await;
    let spaced = t.database.by_engine("replace(details, ':', char(10) || ':')", "'{}'");
    t.tamper(&format!("UPDATE audit_events SET details = {spaced} WHERE sequence = 30")).await;
    let export = owner.get(&format!("{LOG}/export?format=ndjson")).await.is(200);
    let is_event = |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|event| event["hash"].is_string());
    assert!(export.text.lines().all(is_event));
    assert_eq!(export.text.lines().count(), before - 6);
}

#[tokio::test]
async fn csv_export_has_a_header_and_one_line_per_event() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=api_key.created")).await.is(200);
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"audit-log-skyline.csv\"");
    assert_eq!(export.header("cache-control"), "no-store");
    let mut reader = csv::Reader::from_reader(export.text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(header.iter().collect::<Vec<_>>()[..4], ["id", "sequence", "occurredAt", "action"]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let cell = |name: &str| rows[0].get(header.iter().position(|column| column == name).expect("a column"));
    assert_eq!((rows.len(), cell("action"), cell("targetId")), (1, Some("api_key.created"), Some(key.id.as_str())));
    let details: Value = serde_json::from_str(cell("details").expect("details")).expect("JSON");
    assert_eq!(details["scopes"], json!(["trips:read"]));
}

#[tokio::test]
async fn empty_csv_export_has_a_header() {
    let t = TestApp::new().await;
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=invoice.voided")).await.is(200);
    assert!(export.text.starts_with("\u{feff}\"id\",\"sequence\",") && export.text.lines().count() == 1, "{}", export.text);
    assert!(export.text.ends_with("\"hash\",\"authentication\"\r\n"), "{}", export.text);
}

#[tokio::test]
async fn csv_formula_cells_are_escaped() {
    let t = TestApp::new().await;
    for (number, formula) in
        ["=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "＝1", "a;=1"].into_iter().enumerate()
    {
        let agent = format!("=cmd|' /C calc'!A{number}");
        let owner = t.owner().await.header("user-agent", &agent);
        owner.post(KEYS, json!({ "name": formula, "permissions": "read_only", "expiresAt": null })).await.is(201);
    }
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=api_key.created")).await.is(200);
    let mut reader = csv::Reader::from_reader(export.text.as_bytes());
    let mut quoted = 0;
    for row in reader.records() {
        for cell in &row.expect("a row") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝']) && !cell.contains(";="), "{cell}");
            quoted += usize::from(cell.starts_with('\''));
        }
    }
    assert_eq!(quoted, 11);
}

/// Records as many events.
async fn record(t: &TestApp, events: usize) {
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    for number in 0..events {
        tx.record(Action::KeyUsed, None, json!({ "number": number }));
    }
    tx.commit().await.expect("a commit");
}

/// The body of an export that is being sent: the first part is there, the rest is asked for later.
async fn begun(t: &TestApp, credential: (&'static str, &str)) -> axum::body::Body {
    record(t, 2_200).await;
    let request = Request::get(format!("{LOG}/export?format=ndjson")).header("host", "127.0.0.1:8080");
    let request = request.header(credential.0, credential.1);
    let response =
        t.router.clone().oneshot(request.body(axum::body::Body::empty()).expect("a request")).await.expect("an answer");
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body.frame().await.expect("a part").expect("no error").into_data().expect("data");
    assert_eq!(first.lines().count(), 500);
    body
}

/// The events that were still sent, and whether the export came to its end.
async fn rest(mut body: axum::body::Body) -> (usize, bool) {
    let mut events = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (events, false) };
        events += frame.into_data().expect("data").lines().count();
    }
    (events, true)
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn export_ends_at_the_last_event_at_its_start() {
    let t = TestApp::new().await;
    let token = bearer(&t.token_of(t.owner.clone()).await);
    let body = begun(&t, ("authorization", &token)).await;
    for _ in 0..9 {
        t.member(Role::Auditor).await;
    }
    let before = t.audit().await.len() - 19;
    assert_eq!(rest(body).await, (before - 500, true));
}

#[tokio::test]
async fn export_ends_when_reader_loses_access() {
    for change in ["remove", "sign out", "demote"] {
        let t = TestApp::new().await;
        let auditor = t.add_member(Role::Auditor).await;
        let token = bearer(&t.token_of(auditor.clone()).await);
        let body = begun(&t, ("authorization", &token)).await;
        let member = format!("/api/v1/members/{}", auditor.id);
        match change {
            "remove" => t.owner().await.delete(&member).await.is(200),
            "sign out" => t.anonymous().header("authorization", &token).post("/api/v1/auth/sign-out", json!({})).await.is(200),
            _ => t.owner().await.patch(&member, json!({ "role": "pilot" })).await.is(200),
        };
        assert_eq!(rest(body).await, (0, false), "{change}");
    }
}

#[tokio::test]
async fn export_with_key_ends_when_key_is_revoked_or_expires() {
    for is_revoked in [true, false] {
        let t = TestApp::new().await;
        let key = t
            .key_with(json!({ "name": "Archive", "permissions": "custom", "scopes": ["audit:read"], "expiresAt": "2026-11-23T09:40:00Z" }))
            .await;
        let body = begun(&t, ("x-api-key", &key.secret)).await;
        if is_revoked {
            t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
        } else {
            t.app.clock.advance(Duration::from_mins(11));
        }
        assert_eq!(rest(body).await, (0, false));
    }
}

#[tokio::test]
async fn export_continues_when_the_new_role_may_read_the_log() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let body = begun(&t, ("authorization", &bearer(&t.token_of(admin.clone()).await))).await;
    t.owner().await.patch(&format!("/api/v1/members/{}", admin.id), json!({ "role": "auditor" })).await.is(200);
    assert!(rest(body).await.1);
}

#[tokio::test]
async fn reader_has_one_export_at_a_time_for_an_hour() {
    let t = TestApp::new().await;
    let token = bearer(&t.token_of(t.owner.clone()).await);
    let body = begun(&t, ("authorization", &token)).await;
    let export = format!("{LOG}/export?format=csv");
    // Another session, and the page, are the same reader.
    t.owner().await.get(&export).await.is(409).code("EXPORT_IN_PROGRESS");
    let page = t.person(Role::AccountOwner).await.get("/settings/audit-log/export?format=csv").await.is(409);
    page.says("You already have an export running.");
    t.member(Role::Auditor).await.get(&export).await.is(200);
    drop(body);
    t.owner().await.get(&export).await.is(200);
    let body = begun(&t, ("authorization", &token)).await;
    t.advance(Duration::from_secs(3_601)).await;
    t.owner().await.get(&export).await.is(200);
    assert_eq!(rest(body).await, (0, false), "it took too long");
    t.owner().await.get(&export).await.is(200);
}

#[tokio::test]
async fn head_request_releases_the_export_permit() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let export = format!("{LOG}/export?format=csv");
    for _ in 0..3 {
        owner.send(axum::http::Method::HEAD, &export, axum::body::Body::empty()).await.is(200);
    }
    owner.get(&export).await.is(200);
}

#[tokio::test]
async fn sandbox_shares_the_exports_of_its_workspace() {
    let limits = Settings::default().with(Limit::Exports, Some(1));
    let t = TestApp::with_config(Config { limits, ..Config::default() }).await;
    let trial = json!({ "name": "Trial", "permissions": "custom", "scopes": ["audit:read"], "expiresAt": null, "test": true });
    let trial = t.with(&t.key_with(trial).await);
    let body = begun(&t, ("authorization", &bearer(&t.token_of(t.owner.clone()).await))).await;
    let export = format!("{LOG}/export?format=csv");
    trial.get(&export).await.is(429).code("RATE_LIMITED");
    drop(body);
    trial.get(&export).await.is(200);
}

#[tokio::test]
async fn concurrent_exports_are_limited_by_workspace_and_node() {
    let limits = Settings::default().with(Limit::Exports, Some(1)).with(Limit::NodeExports, Some(1));
    let t = TestApp::with_config(Config { limits, ..Config::default() }).await;
    let token = bearer(&t.token_of(t.owner.clone()).await);
    let body = begun(&t, ("authorization", &token)).await;
    let export = format!("{LOG}/export?format=csv");
    let refused = t.member(Role::Auditor).await.get(&export).await.is(429).code("RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "30");
    let (_, other) = t.other_workspace().await;
    other.get(&export).await.is(429);
    drop(body);
    other.get(&export).await.is(200);
}
