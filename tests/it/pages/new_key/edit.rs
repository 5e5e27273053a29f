//! The form of a change: name, description, addresses, limit, and nothing else.

use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use crate::support::TestApp;

const TYPED: [(&str, &str); 5] =
    [("name", "Website"), ("description", "Left tile"), ("addresses", "192.0.2.0/24"), ("requests", "5"), ("seconds", "1")];

fn edit(id: &str) -> String {
    format!("/settings/api-keys/{id}/edit")
}

#[tokio::test]
async fn form_is_prefilled_with_the_key() {
    let t = TestApp::new().await;
    let body = json!({
        "name": "Fleet Dashboard", "permissions": "read_only", "expiresAt": "2027-02-21T22:59:59Z", "rateLimit": null,
        "description": "The lobby screen\n\"upstairs\"", "ipAllowlist": ["203.0.113.7", "2001:db8::/32"],
    });
    let key = t.key_with(body).await;
    let admin = t.person(Role::Admin).await;
    let page = admin.get(&edit(&key.id)).await.is(200);
    insta::assert_snapshot!(page.main());
    let unchanged = [
        ("name", "Fleet Dashboard"),
        ("description", "The lobby screen\r\n\"upstairs\""),
        ("addresses", "203.0.113.7/32\r\n2001:db8::/32"),
        ("requests", "600"),
        ("seconds", "60"),
        ("unlimited", "yes"),
    ];
    admin
        .submit(&edit(&key.id), &edit(&key.id), &unchanged)
        .await
        .redirects_to(&format!("/settings/api-keys/{}?updated=1", key.id));
    t.audit_ends_with(&["api_key.created"]).await;
}

#[tokio::test]
async fn change_is_confirmed_on_the_page_of_the_key() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let changed = t.person(Role::Admin).await.submit(&edit(&key.id), &edit(&key.id), &TYPED).await;
    changed.redirects_to(&format!("/settings/api-keys/{}?updated=1", key.id));
    let seen = t.owner().await.get(&format!("{KEYS}/{}", key.id)).await.is(200);
    assert_eq!(seen.at("/data/name"), &json!("Website"));
    assert_eq!(seen.at("/data/description"), &json!("Left tile"));
    assert_eq!(seen.at("/data/ipAllowlist"), &json!(["192.0.2.0/24"]));
    assert_eq!(seen.at("/data/rateLimit"), &json!({ "requests": 5, "perSeconds": 1 }));
    t.audit_ends_with(&["api_key.updated"]).await;
}

#[tokio::test]
async fn emptied_fields_are_cleared() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({
        "name": "A", "permissions": "read_only", "expiresAt": null, "description": "B", "ipAllowlist": ["192.0.2.1"],
    }));
    let key = key.await;
    let emptied = [("name", "A"), ("description", ""), ("addresses", ""), ("unlimited", "yes")];
    let done = t.person(Role::Admin).await.submit(&edit(&key.id), &edit(&key.id), &emptied).await;
    done.redirects_to(&format!("/settings/api-keys/{}?updated=1", key.id));
    let seen = t.owner().await.get(&format!("{KEYS}/{}", key.id)).await.is(200);
    for (field, value) in [("description", json!(null)), ("ipAllowlist", json!([])), ("rateLimit", json!(null))] {
        assert_eq!(seen.at("/data")[field], value, "{field}");
    }
}

#[tokio::test]
async fn invalid_change_keeps_its_input() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.person(Role::Admin).await);
    t.key_with(json!({ "name": "Website", "permissions": "read_only", "expiresAt": null })).await;
    let taken = admin.submit(&edit(&key.id), &edit(&key.id), &TYPED).await.is(409);
    taken
        .says("already called “Website”")
        .keeps("name", "Website")
        .keeps("description", "Left tile")
        .keeps("addresses", "192.0.2.0/24");
    let wrong = [("name", ""), ("addresses", "here"), ("requests", "x"), ("seconds", "90000")];
    let page = admin.submit(&edit(&key.id), &edit(&key.id), &wrong).await.is(400);
    let page = page.says("4 fields need to be corrected").says("Enter a name.").says("Line 1, “here”");
    page.keeps("requests", "x").keeps("seconds", "90000").reports("seconds");
    t.audit_ends_with(&["api_key.created", "api_key.created"]).await;
}

#[tokio::test]
async fn only_active_keys_of_the_workspace_can_be_changed() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.person(Role::Admin).await);
    let opened = admin.get(&edit(&key.id)).await.is(200).hidden(&edit(&key.id));
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    let fields: Vec<_> = opened.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(TYPED).collect();
    for page in [admin.get(&edit(&key.id)).await, admin.post(&edit(&key.id), &fields).await] {
        page.is(409).says("This key is revoked.").does_not_say("Save changes");
    }
    t.audit_ends_with(&["api_key.revoked", "api_key.refused_everywhere"]).await;
    let (_, other) = t.other_workspace().await;
    let theirs = other.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    admin.get(&edit(&theirs.text_at("/data/apiKey/id"))).await.is(404);
    t.person(Role::Pilot).await.get(&edit(&key.id)).await.is(403);
}
