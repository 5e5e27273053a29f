//! The switch of the account owner.

use serde_json::json;
use testkit::{KEYS, WHOAMI};

use crate::support::{TestApp, read_only_key};

const SETTINGS: &str = "/api/v1/settings/api-keys";

#[tokio::test]
async fn disabled_key_management_refuses_only_new_keys() {
    let t = TestApp::new().await;
    let (key, admin, owner) = (t.key(&["trips:read"]).await, t.admin().await, t.owner().await);
    let path = format!("{KEYS}/{}", key.id);
    assert_eq!(owner.get(SETTINGS).await.is(200).at("/data/enabled"), &json!(true));
    assert_eq!(owner.put(SETTINGS, json!({ "enabled": false })).await.is(200).at("/data/enabled"), &json!(false));
    admin.post(KEYS, read_only_key("Another")).await.is(403).code("API_KEYS_DISABLED");
    owner.post(&format!("{path}/rotate"), json!({})).await.is(403).code("API_KEYS_DISABLED");
    admin.get(KEYS).await.is(200);
    admin.patch(&path, json!({ "name": "Renamed" })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    admin.post(&format!("{path}/revoke"), json!({})).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    owner.put(SETTINGS, json!({ "enabled": true })).await.is(200);
    admin.post(KEYS, read_only_key("Another")).await.is(201);
}

#[tokio::test]
async fn key_management_change_is_recorded() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for enabled in [false, false, true, true] {
        owner.put(SETTINGS, json!({ "enabled": enabled })).await.is(200);
    }
    t.audit_ends_with(&["workspace.created", "settings.api_keys.updated", "settings.api_keys.updated"]).await;
}

#[tokio::test]
async fn key_management_setting_is_a_boolean() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for wrong in [json!({}), json!({ "enabled": null }), json!({ "enabled": 1 }), json!({ "enabled": "true" }), json!([true])] {
        owner.put(SETTINGS, wrong).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn key_management_setting_is_per_workspace() {
    let t = TestApp::new().await;
    let (_, other) = t.other_workspace().await;
    t.owner().await.put(SETTINGS, json!({ "enabled": false })).await.is(200);
    other.post(KEYS, read_only_key("Mine")).await.is(201);
}
