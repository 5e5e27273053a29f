//! Test keys: the API of live keys, with data of their own in a sandbox that can be emptied.

use planeconnection::audit::{compare, verify};
use planeconnection::members::Role;
use planeconnection::workspaces::WorkspaceId;
use serde_json::{Value, json};
use testkit::{AIRCRAFT, INVOICES, KEYS, REPORTS, TRIPS, WHOAMI};

use super::with;
use crate::support::{Client, TestApp, TestKey};

const RESET: &str = "/api/v1/sandbox/reset";
const ALL: [&str; 4] = [TRIPS, AIRCRAFT, INVOICES, REPORTS];

fn live(name: &str) -> Value {
    json!({ "name": name, "permissions": "read_write", "expiresAt": null })
}

fn test(name: &str) -> Value {
    with(live(name), "test", json!(true))
}

fn trip() -> Value {
    json!({
        "externalId": "FOS-1", "tripType": "charter", "origin": "KTEB", "destination": "KBOS",
        "departureDate": "2026-12-01T14:00:00Z",
    })
}

fn invoice() -> Value {
    json!({
        "client": { "name": "Alpine Charter AG" }, "currency": "CHF", "dueDate": "2026-12-23",
        "lineItems": [{ "description": "Flight hours", "quantity": "1", "unitPrice": 100 }],
    })
}

/// Creates one row of each kind. Returns the paths of the rows.
async fn fill(client: &Client) -> Vec<String> {
    let aircraft = json!({ "tailNumber": "N1", "typeDesignator": "C25B", "model": "Citation CJ3+", "status": "active" });
    let aircraft = client.post(AIRCRAFT, aircraft).await.is(201).text_at("/data/id");
    let trip = client.post(TRIPS, with(trip(), "aircraftId", json!(aircraft))).await.is(201).text_at("/data/id");
    let of_trip = with(invoice(), "tripId", json!(trip));
    let invoice = client.post(INVOICES, of_trip).await.is(201).text_at("/data/id");
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap found open", "description": "The left fuel cap was open before the second leg of the day.",
        "location": "LSZH", "occurredAt": "2026-11-22T17:05:00Z", "severity": "hazardous", "confidentiality": "standard",
    });
    let report = client.post(REPORTS, report).await.is(201).text_at("/data/id");
    [(TRIPS, trip), (AIRCRAFT, aircraft), (INVOICES, invoice), (REPORTS, report)].map(|(list, id)| format!("{list}/{id}")).into()
}

async fn totals(client: &Client) -> Vec<Value> {
    let mut totals = Vec::new();
    for list in ALL {
        totals.push(client.get(list).await.is(200).at("/data/total").clone());
    }
    totals
}

async fn next_number(client: &Client) -> String {
    client.post(INVOICES, invoice()).await.is(201).text_at("/data/number")
}

async fn sandbox_of(t: &TestApp, key: &TestKey) -> WorkspaceId {
    t.with(key).get(WHOAMI).await.is(200).text_at("/data/workspace/id").parse().expect("an id")
}

/// Requires that the chains of workspace and sandbox fit, and that the tables agree with them.
async fn logs_agree_with_the_tables(t: &TestApp, sandbox: WorkspaceId) {
    for log in [t.workspace.id, sandbox] {
        assert!(verify(&t.app.db, log).await.expect("a verdict").fault.is_none(), "{log}");
        let found = compare(&t.app.db, log).await.expect("a comparison").differences;
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn live_and_test_keys_see_nothing_of_each_others_data() {
    let t = TestApp::new().await;
    let (live, test) = (t.with(&t.key_with(live("Live")).await), t.with(&t.key_with(test("Trial")).await));
    let of_test = fill(&test).await;
    assert_eq!(totals(&live).await, [0, 0, 0, 0]);
    let of_live = fill(&live).await;
    for (client, own, others) in [(&live, &of_live, &of_test), (&test, &of_test, &of_live)] {
        assert_eq!(totals(client).await, [1, 1, 1, 1]);
        for path in own {
            client.get(path).await.is(200);
        }
        for path in others {
            client.get(path).await.is(404);
        }
        client.patch(&others[0], json!({ "passengerCount": 2 })).await.is(404);
        let aircraft = others[1].rsplit('/').next().expect("an id");
        client.patch(&own[0], json!({ "aircraftId": aircraft })).await.is(400).names_field("aircraftId");
    }
    for _ in 0..3 {
        next_number(&test).await;
    }
    assert_eq!(next_number(&live).await, "INV-2026-0002", "the numbers of live invoices have no gaps");
    assert_eq!(next_number(&test).await, "INV-2026-0005");
    assert_eq!(totals(&t.owner().await).await, [json!(1), json!(1), json!(2), json!(1)], "people see live data");
}

#[tokio::test]
async fn test_key_says_that_it_is_one() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let made = owner.post(KEYS, test("Trial")).await.is(201);
    let secret = made.text_at("/data/secret");
    assert!(secret.starts_with("pck_test_") && secret.len() == 47, "{}", secret.len());
    assert_eq!(made.at("/data/apiKey/test"), true);
    assert_eq!(made.text_at("/data/apiKey/hint"), format!("pck_test_{}…{}", &secret[9..13], &secret[43..]));
    let key = t.anonymous().header("x-api-key", &secret);
    let who = key.get(WHOAMI).await.is(200);
    assert_eq!((who.at("/data/apiKey/test"), who.at("/data/workspace/slug")), (&json!(true), &json!("skyline_test")));
    let other = owner.post(KEYS, live("Live")).await.is(201);
    assert_eq!(other.at("/data/apiKey/test"), false);
    assert_eq!(owner.get(&format!("{KEYS}?test=true")).await.is(200).items("name"), ["Trial"]);
    t.anonymous().header("authorization", &format!("Bearer {secret}")).get(TRIPS).await.is(200);
    for wrong in [secret.replace("pck_test_", "pck_"), secret[..46].to_owned(), secret.to_uppercase()] {
        t.anonymous().header("x-api-key", &wrong).get(WHOAMI).await.is(401).code("API_KEY_INVALID");
    }
    let leaked = t.anonymous().get(&format!("{TRIPS}?key={secret}")).await.is(400).code("CREDENTIAL_IN_URL");
    assert!(!leaked.text.contains(&secret[13..43]));
    let leak = t.audit().await.into_iter().find(|event| event["action"] == "api_key.leaked_in_url").expect("the event");
    assert_eq!(&leak["target"]["id"], made.at("/data/apiKey/id"));
}

#[tokio::test]
async fn check_for_proxies_counts_a_test_key_as_denied() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key_with(test("Trial")).await, t.owner().await);
    for check in ["", "?scope=trips:read", "/any", "/trips:read"] {
        t.with(&key).get(&format!("/api/v1/auth/check{check}")).await.is(403);
    }
    let events = t.audit().await;
    let used = events.iter().filter(|event| event["action"] == "api_key.used").count();
    let denied = events.iter().find(|event| event["action"] == "api_key.denied").expect("the event");
    assert_eq!((used, &denied["details"]["reason"], &denied["target"]["id"]), (0, &json!("test_key"), &json!(key.id)));
    let usage = owner.get(&format!("{KEYS}/{}/usage", key.id)).await.is(200);
    assert_eq!(usage.at("/data/lastUsedAt"), &Value::Null);
    let counts = [usage.at("/data/buckets/0/allowed"), usage.at("/data/buckets/0/denied")];
    assert_eq!(counts, [&json!(0), &json!(4)]);
}

#[tokio::test]
async fn test_key_is_managed_and_audited_in_its_workspace() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key_with(test("Trial")).await, t.admin().await);
    let (client, sandbox) = (t.with(&key), sandbox_of(&t, &key).await);
    fill(&client).await;
    let events = t.audit().await;
    let created = events.iter().find(|event| event["action"] == "api_key.created").expect("the event");
    assert_eq!(created["details"]["sandboxId"], json!(sandbox));
    assert!(!events.iter().any(|event| event["action"] == "trip.created"), "the sandbox has a log of its own");
    assert_eq!(t.number("SELECT COUNT(*) FROM workspaces WHERE sandbox_of IS NOT NULL").await, 1);
    let usage = admin.get(&format!("{KEYS}/{}/usage", key.id)).await.is(200);
    assert!(usage.text.contains("trips:write"), "{}", usage.text);
    logs_agree_with_the_tables(&t, sandbox).await;
    admin.post(&format!("{KEYS}/{}/pause", key.id), json!({})).await.is(200);
    client.get(TRIPS).await.is(401).code("API_KEY_PAUSED");
    admin.post(&format!("{KEYS}/{}/resume", key.id), json!({})).await.is(200);
    client.get(TRIPS).await.is(200);
    admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    client.post(TRIPS, trip()).await.is(401).code("API_KEY_REVOKED");
    let denied: Vec<Value> = t.audit().await.into_iter().filter(|event| event["action"] == "api_key.denied").collect();
    let mut reasons: Vec<_> = denied.iter().filter_map(|event| event["details"]["reason"].as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["paused", "revoked"]);
}

#[tokio::test]
async fn test_key_that_becomes_a_live_key_in_the_table_is_named() {
    let t = TestApp::new().await;
    let key = t.key_with(test("Trial")).await;
    let sandbox = sandbox_of(&t, &key).await;
    logs_agree_with_the_tables(&t, sandbox).await;
    t.tamper("UPDATE api_keys SET sandbox_id = NULL").await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences;
    let fields: Vec<_> = found.iter().map(|difference| (difference.name.as_str(), difference.field)).collect();
    assert_eq!(fields, [("Trial", "sandboxId")]);
}

#[tokio::test]
async fn sandbox_that_belongs_to_another_workspace_or_to_none_in_the_table_is_named() {
    let t = TestApp::new().await;
    let key = t.key_with(test("Trial")).await;
    let (owner, sandbox) = (t.workspace.id, sandbox_of(&t, &key).await);
    logs_agree_with_the_tables(&t, sandbox).await;
    for (altered, log, by_log, by_table) in [
        ("sandbox_of = id WHERE sandbox_of IS NOT NULL", sandbox, owner.to_string(), sandbox.to_string()),
        ("sandbox_of = NULL", sandbox, owner.to_string(), "nothing".to_owned()),
        ("sandbox_of = id WHERE slug = 'skyline'", owner, "nothing".to_owned(), owner.to_string()),
    ] {
        t.tamper(&format!("UPDATE workspaces SET {altered}")).await;
        let found = compare(&t.app.db, log).await.expect("a comparison").differences;
        let fields: Vec<_> = found.iter().map(|found| (found.field, found.log.as_str(), found.table.as_str())).collect();
        assert_eq!(fields, [("sandboxOf", by_log.as_str(), by_table.as_str())], "{altered}");
    }
}

#[tokio::test]
async fn rotation_of_a_test_key_gives_a_test_key() {
    let t = TestApp::new().await;
    let (old, owner) = (t.key_with(test("Trial")).await, t.owner().await);
    fill(&t.with(&old)).await;
    let made = owner.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    assert_eq!(made.at("/data/apiKey/test"), true);
    let new = t.anonymous().header("x-api-key", &made.text_at("/data/secret"));
    assert_eq!(totals(&new).await, [1, 1, 1, 1]);
    let second = t.key_with(test("Second")).await;
    assert_eq!(totals(&t.with(&second)).await, [1, 1, 1, 1], "all test keys share the sandbox");
}

#[tokio::test]
async fn reset_empties_the_sandbox_and_nothing_else() {
    let t = TestApp::new().await;
    let (live, key) = (t.with(&t.key_with(live("Live")).await), t.key_with(test("Trial")).await);
    let (test, sandbox, owner) = (t.with(&key), sandbox_of(&t, &key).await, t.owner().await);
    fill(&live).await;
    fill(&test).await;
    let repeated = test.clone().header("idempotency-key", "1");
    let first = repeated.post(INVOICES, invoice()).await.is(201);
    assert_eq!(repeated.post(INVOICES, invoice()).await.is(201).at("/data/id"), first.at("/data/id"));
    let reset = owner.post(RESET, json!({})).await.is(200);
    assert_eq!(reset.at("/data"), &json!({ "trips": 1, "aircraft": 1, "invoices": 2, "reports": 1 }));
    assert_eq!((totals(&test).await, totals(&live).await), (vec![json!(0); 4], vec![json!(1); 4]));
    assert_eq!(repeated.post(INVOICES, invoice()).await.is(201).at("/data/number"), "INV-2026-0001");
    assert_eq!(next_number(&live).await, "INV-2026-0002");
    assert_eq!(fill(&test).await.len(), 4);
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "sandbox.reset").expect("the event");
    let expected = json!({ "trips": 1, "aircraft": 1, "invoices": 2, "reports": 1, "complete": true });
    assert_eq!((&event["details"], &event["actor"]["name"]), (&expected, &json!("Ana Keller")));
    logs_agree_with_the_tables(&t, sandbox).await;
    let (_, other) = t.other_workspace().await;
    other.post(RESET, json!({})).await.is(404).code("NOT_FOUND");
}

#[tokio::test]
async fn test_key_has_no_scope_of_webhooks() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "name": "Hooks", "permissions": "custom", "scopes": ["webhooks:read"], "expiresAt": null, "test": true });
    owner.post(KEYS, body.clone()).await.is(400).names_field("scopes");
    owner.post(KEYS, with(body, "test", json!(false))).await.is(201);
    assert_eq!(t.number("SELECT COUNT(*) FROM workspaces").await, 1, "no sandbox without a test key");
}

#[tokio::test]
async fn no_test_key_is_created_while_a_node_runs_that_does_not_know_them() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    t.other_node("old", "1000000", "2026-11-23 09:30:01+00:00").await;
    owner.post(KEYS, test("Trial")).await.is(409).code("UPGRADE_IN_PROGRESS");
    t.tamper("DELETE FROM nodes WHERE name = 'old'").await;
    owner.post(KEYS, test("Trial")).await.is(201);
}

#[tokio::test]
async fn nobody_signs_in_to_a_sandbox() {
    let t = TestApp::new().await;
    t.key_with(test("Trial")).await;
    let body = json!({ "email": "ana@skyline.example", "password": testkit::PASSWORD, "workspace": "skyline_test" });
    t.anonymous().post(testkit::SIGN_IN, body).await.is(401);
}

#[tokio::test]
async fn sandbox_is_reset_on_its_page() {
    let t = TestApp::new().await;
    let ana = t.person(Role::Admin).await;
    let page = "/settings/api-keys/sandbox";
    let form = "/settings/api-keys/new?kind=test";
    ana.get(page).await.is(200).says("The first test key creates it.").says(form);
    ana.get(form).await.is(200).says(r#"value="test" aria-describedby="kind-test-hint" checked"#);
    assert!(!ana.get("/settings/api-keys").await.is(200).text.contains("Reset sandbox"));
    let chosen = [
        ("name", "Trial"),
        ("kind", "test"),
        ("permissions", "read_write"),
        ("expiration", "never"),
        ("requests", "600"),
        ("seconds", "60"),
    ];
    ana.submit("/settings/api-keys/new", "/settings/api-keys/new", &chosen).await.is(201).says("pck_test_");
    ana.get("/settings/api-keys").await.is(200).says("Reset sandbox").says("badge test");
    ana.get(page).await.says("Reset the sandbox?");
    ana.submit(page, page, &[]).await.redirects_to("/settings/api-keys?sandbox=reset");
    ana.get("/settings/api-keys?sandbox=reset").await.says("The sandbox was reset.");
    ana.get("/settings/audit-log").await.says("0 safety reports were deleted");
}
