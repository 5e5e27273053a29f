//! Signing everyone out.

use planeconnection::members::Role;
use serde_json::json;
use testkit::{PASSWORD, SIGN_IN, WHOAMI};

use crate::support::{TestApp, read_only_key};

const SIGN_OUT: &str = "/api/v1/settings/security/sign-out-everyone";

#[tokio::test]
async fn all_sessions_of_the_workspace_end_and_no_others() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (pilot, admin) = (t.member(Role::Pilot).await, t.admin().await);
    let (_, other) = t.other_workspace().await;
    let answer = admin.post(SIGN_OUT, json!({ "revokeApiKeys": false })).await.is(200);
    // That of the owner who created the key as well.
    assert_eq!((answer.at("/data/sessionsEnded"), answer.at("/data/keysRevoked")), (&json!(3), &json!(0)));
    assert_eq!(answer.at("/data/refusedEverywhereAt"), "2026-11-23T09:30:00Z");
    for ended in [&pilot, &admin] {
        ended.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    }
    other.get(WHOAMI).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    t.anonymous().post(SIGN_IN, json!({ "email": "ana@skyline.example", "password": PASSWORD })).await.is(200);
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "workspace.everyone_signed_out").expect("an event");
    assert_eq!(event["details"], json!({ "endedSessions": 3, "revokedApiKeys": 0 }));
}

#[tokio::test]
async fn all_active_keys_are_revoked_if_that_is_wanted() {
    let t = TestApp::new().await;
    let (first, second, revoked) = (t.key(&["trips:read"]).await, t.key(&["fleet:read"]).await, t.key(&["trips:read"]).await);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", revoked.id), json!({})).await.is(200);
    let (_, other) = t.other_workspace().await;
    let theirs = other.post("/api/v1/api-keys", read_only_key("Theirs")).await.is(201).text_at("/data/secret");
    let answer = t.owner().await.post(SIGN_OUT, json!({ "revokeApiKeys": true })).await.is(200);
    assert_eq!(answer.at("/data/keysRevoked"), 2);
    for key in [&first, &second] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
        let shown = t.owner().await.get(&format!("/api/v1/api-keys/{}", key.id)).await.is(200);
        assert_eq!(shown.at("/data/status"), "revoked");
        assert_eq!(shown.at("/data/refusedEverywhereAt"), "2026-11-23T09:30:00Z", "{}", shown.text);
    }
    t.anonymous().header("x-api-key", &theirs).get(WHOAMI).await.is(200);
    let events = t.audit().await;
    for action in ["api_key.revoked", "api_key.refused_everywhere"] {
        let of_action = events.iter().filter(|event| event["action"] == action).count();
        assert_eq!(of_action, 3, "one for each key: {action}");
    }
    let comparison = planeconnection::audit::compare(&t.app.db, t.workspace.id).await.expect("a database");
    assert_eq!(comparison.total(), 0, "{comparison:?}");
}

#[tokio::test]
async fn open_reset_link_ends_with_the_sessions() {
    let t = TestApp::new().await;
    let context = planeconnection::audit::AuditContext::operator("test");
    let pilot = t.add_member(Role::Pilot).await;
    let link = planeconnection::auth::make_reset_link(&t.app, &pilot, context).await.expect("a link");
    t.owner().await.post(SIGN_OUT, json!({ "revokeApiKeys": false })).await.is(200);
    let found = planeconnection::auth::find_reset(&t.app, link.token.expose()).await.expect("a database");
    assert!(found.is_none());
}

#[tokio::test]
async fn sessions_that_were_over_are_not_counted() {
    let t = TestApp::new().await;
    t.member(Role::Pilot).await;
    t.advance(std::time::Duration::from_hours(12)).await;
    let answer = t.owner().await.post(SIGN_OUT, json!({ "revokeApiKeys": false })).await.is(200);
    assert_eq!(answer.at("/data/sessionsEnded"), 1);
}

#[tokio::test]
async fn many_keys_are_revoked_in_one_call() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.post("/api/v1/api-keys", read_only_key("Key")).await.is(201);
    // More than one statement takes.
    let columns = "workspace_id, hint, name, name_folded, name_skeleton, name_forms_of, permissions, scopes, created_at, \
                   created_by_id, created_by_name, revision";
    let digest = t.database.by_engine("randomblob(32)", "decode(md5(n.i::text) || md5(n.i || 'x'), 'hex')");
    t.tamper(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
         INSERT INTO api_keys (id, digest, {columns}) SELECT {}, {digest}, {columns} FROM api_keys, n",
        t.database.new_id_sql(),
    ))
    .await;
    let answer = owner.post(SIGN_OUT, json!({ "revokeApiKeys": true })).await.is(200);
    assert_eq!(answer.at("/data/keysRevoked"), 1_201);
    let revisions = t.number("SELECT COUNT(DISTINCT revision) FROM api_keys").await;
    assert_eq!(revisions, 1_201, "nodes follow revisions");
    let current = t.number("SELECT value FROM revisions").await;
    assert_eq!(t.number("SELECT MAX(revision) FROM api_keys").await, current);
    assert_eq!(t.number("SELECT COUNT(*) FROM api_keys WHERE refused_everywhere_at IS NOT NULL").await, 1_201);
    let fresh = t.number("SELECT COUNT(*) FROM api_keys WHERE name_forms_of = revision").await;
    assert_eq!(fresh, 1_201);
}
