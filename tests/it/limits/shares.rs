//! Connections by workspace: what one workspace waits for, others do not.

use futures_util::FutureExt;
use planeconnection::limits::Permit;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{KEYS, TRIPS};

use crate::support::{Client, TestApp, read_only_key};

/// Every read connection that the workspace may use.
fn readers(t: &TestApp) -> Vec<Permit> {
    std::iter::from_fn(|| t.app.limits.try_read(t.workspace.id)).collect()
}

/// A request that is under way.
fn asking(client: &Client, path: &'static str) -> tokio::task::JoinHandle<u16> {
    let client = client.clone();
    tokio::spawn(async move { client.get(path).await.status })
}

#[tokio::test]
async fn reads_of_one_workspace_do_not_starve_others() {
    let t = TestApp::new().await;
    let (key, auditor, (_, other)) = (t.key(&["trips:read"]).await, t.person(Role::Auditor).await, t.other_workspace().await);
    let held = readers(&t);
    assert!(!held.is_empty());
    let (by_key, by_member) = (asking(&t.with(&key), TRIPS), asking(&t.owner().await, KEYS));
    for path in [TRIPS, KEYS, "/api/v1/audit-log"] {
        other.get(path).await.is(200);
    }
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    t.with(&key).get("/api/v1/auth/check?scope=trips:read").await.is(200);
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    assert!(!by_key.is_finished() && !by_member.is_finished(), "they wait for their workspace");
    drop(held);
    assert_eq!((by_key.await.expect("an answer"), by_member.await.expect("an answer")), (200, 200));
    auditor.get("/settings/audit-log").await.is(200);
}

#[tokio::test]
async fn writes_of_one_workspace_do_not_block_others() {
    let t = TestApp::new().await;
    let (key, (_, other)) = (t.key(&["trips:write"]).await, t.other_workspace().await);
    let test = json!({ "name": "Trial", "permissions": "custom", "scopes": ["trips:write"], "expiresAt": null, "test": true });
    let keys = [t.with(&key), t.with(&t.key_with(test).await)];
    let held: Vec<_> = std::iter::from_fn(|| t.app.limits.write(t.workspace.id).now_or_never()?.ok()).collect();
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGGW", "departureDate": "2026-12-01T08:00:00Z" });
    let write = |key: Client| {
        let trip = trip.clone();
        tokio::spawn(async move { key.post(TRIPS, trip).await.status })
    };
    let waiting = keys.map(write);
    other.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    assert!(waiting.iter().all(|write| !write.is_finished()));
    drop(held);
    for write in waiting {
        assert_eq!(write.await.expect("an answer"), 201);
    }
}

#[tokio::test]
async fn write_beyond_the_queue_of_its_workspace_names_the_reason() {
    let t = TestApp::new().await;
    let (owner, key, (_, other)) = (t.owner().await, t.key(&["trips:read"]).await, t.other_workspace().await);
    let held: Vec<_> = std::iter::from_fn(|| t.app.limits.write(t.workspace.id).now_or_never()?.ok()).collect();
    // A write that cannot wait is refused at once.
    let waiting: Vec<_> = std::iter::repeat_with(|| Box::pin(t.app.limits.write(t.workspace.id)))
        .map_while(|mut write| write.as_mut().now_or_never().is_none().then_some(write))
        .take(1_000)
        .collect();
    assert!(!waiting.is_empty() && waiting.len() < 1_000, "{} wait", waiting.len());
    let refused = owner.post(KEYS, read_only_key("Late")).await.is(503).code("OVERLOADED");
    assert!(refused.text_at("/error/message").starts_with("Too many changes of this workspace wait"), "{}", refused.text);
    assert_eq!(refused.header("retry-after"), "2");
    other.post(KEYS, read_only_key("Theirs")).await.is(201);
    owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    drop(waiting);
    drop(held);
    owner.post(KEYS, read_only_key("Late")).await.is(201);
}
