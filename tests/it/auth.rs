//! Credentials: what lets a request in, and what is said when it does not.

use key_format::PlainSecret;
use kit::random::Random;
use planeconnection::workspaces;
use serde_json::json;
use testkit::WHOAMI;

use crate::support::{EmptyApp, TestApp};

#[tokio::test]
async fn whoami_describes_the_key() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read", "fleet:write"]).await;
    let answer = t.with(&key).get(WHOAMI).await.is(200);
    assert_eq!(answer.at("/data/type"), "api_key");
    assert_eq!(answer.at("/data/workspace/slug"), "skyline");
    assert_eq!(answer.at("/data/apiKey/id"), &json!(key.id));
    assert_eq!(answer.at("/data/apiKey/scopes"), &json!(["trips:read", "fleet:write"]));
}

#[tokio::test]
async fn key_is_accepted_as_bearer_token() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let bearer = t.anonymous().header("authorization", &format!("Bearer {}", key.secret));
    assert_eq!(bearer.get(WHOAMI).await.is(200).at("/data/apiKey/id"), &json!(key.id));
    bearer.header("x-api-key", &key.secret).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn missing_credential_is_challenged() {
    let t = TestApp::new().await;
    let answer = t.anonymous().get(WHOAMI).await.is(401).code("AUTHENTICATION_REQUIRED");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn malformed_and_unknown_keys_get_one_error() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let mistyped = format!("{}x", &key.secret[..key.secret.len() - 1]);
    for presented in ["x", "pck_", "pck_0123456789", mistyped.as_str(), &key.secret.to_uppercase()] {
        t.anonymous().header("x-api-key", presented).get(WHOAMI).await.is(401).code("API_KEY_INVALID");
    }
}

#[tokio::test]
async fn two_different_credentials_are_refused() {
    let t = TestApp::new().await;
    let (one, other) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await);
    let both = t.with(&one).header("authorization", &format!("Bearer {}", other.secret));
    both.get(WHOAMI).await.is(400).code("AMBIGUOUS_CREDENTIALS");
}

#[tokio::test]
async fn key_in_the_url_is_refused_and_recorded() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).get(&format!("/api/v1/ops/trips?key={}", key.secret)).await.is(400).code("CREDENTIAL_IN_URL");
    t.audit_ends_with(&["api_key.leaked_in_url", "api_key.unusual"]).await;
}

#[tokio::test]
async fn token_in_a_query_is_refused_and_not_echoed() {
    let t = TestApp::new().await;
    let session = t.token_of(t.owner.clone()).await;
    let invited = json!({ "name": "Dee", "email": "dee@skyline.example", "role": "pilot" });
    let invited = t.owner().await.post("/api/v1/members", invited).await.is(201).text_at("/data/inviteUrl");
    let invitation = invited.split_once('#').expect("a link").1.to_owned();
    let empty = EmptyApp::new().await;
    let set_up = workspaces::offer(&empty.app).await.expect("a database").expect("a link").expose().to_owned();
    for (token, prefix) in [(session, "pcs_"), (invitation, "pci_"), (set_up, "pcu_")] {
        assert!(token.starts_with(prefix), "{token}");
        let escaped = token.bytes().fold(String::new(), |text, byte| text + &format!("%25{byte:02x}"));
        for shown in [token.clone(), format!("x{token}x"), escaped] {
            for path in ["/api/v1/auth/whoami", "/settings/api-keys", "/sign-in", "/join"] {
                let answer = t.anonymous().get(&format!("{path}?a=b&token={shown}")).await.is(400);
                assert!(!answer.text.contains(&token) && !answer.headers.contains_key("location"), "{answer:?}");
            }
            t.anonymous().get(&format!("/api/v1/auth/whoami?{shown}")).await.is(400).code("CREDENTIAL_IN_URL");
        }
        let in_path = t.anonymous().get(&format!("/settings/members/{token}")).await.is(303);
        assert_eq!(in_path.header("location"), "/sign-in");
    }
}

#[tokio::test]
async fn unknown_session_token_is_invalid() {
    let t = TestApp::new().await;
    t.anonymous().header("authorization", "Bearer nonsense").get(WHOAMI).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn keys_are_verified_without_a_database() {
    let t = TestApp::new().await;
    let [good, revoked] = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    let limit = json!({ "requests": 1, "perSeconds": 60 });
    let limited = json!({ "name": "Limited", "permissions": "read_only", "expiresAt": null, "rateLimit": limit });
    let limited = t.key_with(limited).await;
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", revoked.id), json!({})).await.is(200);
    t.app.db.clone().close().await;
    t.with(&good).get(WHOAMI).await.is(200);
    t.with(&revoked).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    t.with(&limited).get(WHOAMI).await.is(200);
    t.with(&limited).get(WHOAMI).await.is(429).code("RATE_LIMITED");
    let random = Random::seeded(1);
    let unknown = PlainSecret::generate(|bytes| random.fill(bytes));
    t.anonymous().header("x-api-key", unknown.expose()).get(WHOAMI).await.is(401).code("API_KEY_INVALID");
    t.with(&good).get("/api/v1/ops/trips").await.is(503);
}
