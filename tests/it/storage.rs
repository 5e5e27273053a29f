//! A storage that cannot take everything: what is refused, and what is taken all the same.

use kit::db::{DbOptions, Fault, MinFreeSpace};
use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::json;

use crate::documentation::{Example, pages};
use crate::support::{TestApp, read_only_key, test_config};

/// A file system that counts as too full for data.
fn low_on_space() -> Config {
    let database = DbOptions { min_free_space: MinFreeSpace::Bytes(u64::MAX), ..DbOptions::default() };
    Config { database, ..Config::default() }
}

#[tokio::test]
async fn low_disk_space_refuses_data_but_not_revocations() {
    let t = TestApp::in_a_file().await;
    let key = t.key(&["trips:read", "trips:write"]).await;
    let pilot = t.add_member(Role::Pilot).await;
    let t = t.restarted_with(low_on_space()).await;
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2027-01-01T10:00:00Z" });
    let refused = t.with(&key).post("/api/v1/ops/trips", trip).await.is(507).code("INSUFFICIENT_STORAGE");
    assert_eq!(refused.header("retry-after"), "60");
    let owner = t.owner().await;
    let another = json!({ "name": "Board", "permissions": "read_only", "expiresAt": null });
    owner.post("/api/v1/api-keys", another).await.is(507);
    let (ana, invite) = (t.person(Role::AccountOwner).await, "/settings/members/new");
    let typed = [("name", "Dee Patch"), ("email", "dee@skyline.example"), ("role", "pilot")];
    let page = ana.submit(invite, invite, &typed).await.is(507).says("Not enough disk space").shows("link", "Members");
    assert!(page.hidden(invite).contains(&("email".to_owned(), "dee@skyline.example".to_owned())), "{}", page.text);
    assert_eq!(page.header("retry-after"), "60");
    owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
    t.with(&key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
    owner.delete(&format!("/api/v1/members/{}", pilot.id)).await.is(200);
    owner.post("/api/v1/auth/sign-out", json!({})).await.is(200);
    owner.get("/api/v1/auth/whoami").await.is(401);
    let metrics = t.metrics().await;
    assert!(metrics.contains("planeconnection_storage_writable 0"), "{metrics}");
}

/// Calls whose example is refused before it would write, and one whose example asks a name server.
const UNTESTED: [&str; 3] = ["/add-a-passkey.", "/accept-invitation.", "/create-webhook."];

#[tokio::test]
async fn low_disk_space_refuses_exactly_the_calls_whose_reference_says_so() {
    let t = TestApp::in_a_file().await;
    // The first test key creates the sandbox.
    let mut test_key = read_only_key("Trial");
    test_key["test"] = true.into();
    t.key_with(test_key).await;
    // At an IP address there are no passkeys.
    let public_url = "http://localhost:8080".to_owned();
    let t = t.restarted_with(Config { database: low_on_space().database, public_url, ..test_config() }).await;
    let (mut refused, mut accepted) = (0, 0);
    for page in pages(&t).await {
        if !page.starts_with("/docs/api/") || UNTESTED.iter().any(|call| page.contains(call)) {
            continue;
        }
        let markdown = t.anonymous().get(&page).await.is(200).text;
        let is_documented = markdown.contains("| 507 |");
        // In a session of its own, as some calls end it.
        let answer = Example::of(&markdown).sent_by(&t.owner().await).await;
        assert_eq!(answer.status == 507, is_documented, "{page}: {} {}", answer.status, answer.text);
        if is_documented { refused += 1 } else { accepted += 1 }
    }
    assert!(refused > 30 && accepted > 30, "{refused} refused, {accepted} accepted");
}

#[tokio::test]
async fn reference_says_when_to_repeat_what_low_disk_space_or_load_refused() {
    let document = TestApp::new().await.anonymous().get("/openapi.json").await.is(200).json;
    for (method, path) in [("post", "/api/v1/ops/trips"), ("get", "/api/v1/ops/trips"), ("post", "/api/v1/auth/sign-in")] {
        let responses = &document["paths"][path][method]["responses"];
        assert!(responses["503"]["description"].as_str().is_some_and(|codes| codes.contains("OVERLOADED")), "{method} {path}");
    }
    let low_space = &document["paths"]["/api/v1/ops/trips"]["post"]["responses"]["507"];
    assert!(low_space["headers"]["Retry-After"].is_object(), "{low_space}");
}

#[tokio::test]
async fn storage_fault_refuses_writes_and_fails_readiness() {
    let t = TestApp::new().await;
    let (owner, key) = (t.owner().await, t.key(&["trips:read", "trips:write"]).await);
    t.anonymous().get("/readiness").await.is(200);
    t.app.db.storage().health().report(Fault::ReadOnly);
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2027-01-01T10:00:00Z" });
    t.with(&key).post("/api/v1/ops/trips", trip.clone()).await.is(503).code("UNAVAILABLE");
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
    let unready = t.anonymous().get("/readiness").await.is(503);
    assert!(unready.text.contains("read-only"), "{}", unready.text);
    owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
    // A renewal that is read back ends the fault.
    t.app.cluster.heartbeat().await.expect("a lease");
    t.anonymous().get("/readiness").await.is(200);
    let metrics = t.metrics().await;
    assert!(metrics.contains("planeconnection_storage_writable 1"), "{metrics}");
    assert!(metrics.contains("planeconnection_storage_faults_total{fault=\"read_only\"} 1"), "{metrics}");
}

#[tokio::test]
async fn node_with_a_lost_row_refuses_writes_until_one_is_read_back() {
    let t = TestApp::new().await;
    t.tamper("UPDATE nodes SET applied_revision = 4711").await;
    t.app.cluster.heartbeat().await.expect("a lease, once the row was written anew and read back");
    assert_eq!(t.app.db.storage().health().reports(Fault::Unconfirmed), 1);
    assert_eq!(t.app.db.storage().health().fault(), None);
    t.anonymous().get("/readiness").await.is(200);
}

/// Fails a renewal that confirms a new revision: the node cannot know whether it was stored.
async fn fail_renewal(t: &TestApp) {
    t.app.cluster.heartbeat().await.expect("a lease");
    t.key(&["trips:read"]).await;
    t.tamper("ALTER TABLE nodes RENAME COLUMN lease_until TO renamed").await;
    t.app.cluster.heartbeat().await.expect_err("a column is missing");
    t.tamper("ALTER TABLE nodes RENAME COLUMN renamed TO lease_until").await;
}

#[tokio::test]
async fn renewal_of_unknown_result_is_no_storage_fault() {
    let t = TestApp::new().await;
    fail_renewal(&t).await;
    t.app.cluster.heartbeat().await.expect("a lease, once all keys were loaded again");
    assert_eq!(t.app.db.storage().health().reports(Fault::Unconfirmed), 0);
}

#[tokio::test]
async fn lease_older_than_the_confirmed_one_is_a_storage_fault() {
    let t = TestApp::new().await;
    fail_renewal(&t).await;
    t.tamper("UPDATE nodes SET lease_until = '2026-01-01 00:00:00+00:00'").await;
    t.app.cluster.heartbeat().await.expect("a lease, once all keys were loaded again");
    assert_eq!(t.app.db.storage().health().reports(Fault::Unconfirmed), 1);
}
