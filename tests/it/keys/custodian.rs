//! Custodians of keys: chosen, changed, and handed over when a member is removed.

use std::time::Duration;

use planeconnection::audit::compare;
use planeconnection::keys;
use planeconnection::members::{Member, Role};
use serde_json::{Value, json};
use testkit::{KEYS, MEMBERS};

use super::with;
use crate::support::{TestApp, read_only_key};

async fn orphaned(t: &TestApp) -> Vec<String> {
    let found = keys::orphaned(t.app.db.read(), t.workspace.id, t.app.clock.now(), 10).await.expect("keys");
    found.into_iter().map(|key| key.name).collect()
}

fn person(member: &Member) -> Value {
    json!({ "id": member.id, "name": member.name })
}

/// The path that removes a member, with a hand-over of their keys.
fn removal(member: &Member, custodian: &Member) -> String {
    format!("{MEMBERS}/{}?custodian_id={}", member.id, custodian.id)
}

async fn is_unaltered(t: &TestApp) {
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences, vec![]);
}

#[tokio::test]
async fn custodian_is_the_creator_unless_another_member_is_chosen() {
    let t = TestApp::new().await;
    let (pilot, owner) = (t.add_member(Role::Pilot).await, t.owner().await);
    let own = t.key_with(read_only_key("Own")).await;
    t.advance(Duration::from_secs(1)).await;
    assert_eq!(owner.get(&format!("{KEYS}/{}", own.id)).await.is(200).at("/data/custodian"), &person(&t.owner));
    let body = with(read_only_key("Theirs"), "custodianId", json!(pilot.id));
    let created = owner.post(KEYS, body).await.is(201);
    assert_eq!(created.at("/data/apiKey/custodian"), &person(&pilot));
    let listed = owner.get(KEYS).await.is(200);
    assert_eq!(listed.at("/data/items/0/custodian"), &person(&pilot));
    // A rotation keeps the custodian.
    let rotated = owner.post(&format!("{KEYS}/{}/rotate", created.text_at("/data/apiKey/id")), json!({})).await.is(201);
    assert_eq!(rotated.at("/data/apiKey/custodian"), &person(&pilot));
    is_unaltered(&t).await;
}

#[tokio::test]
async fn custodian_is_changed_and_the_change_is_recorded() {
    let t = TestApp::new().await;
    let (auditor, owner) = (t.add_member(Role::Auditor).await, t.owner().await);
    let key = t.key_with(read_only_key("Website")).await;
    let path = format!("{KEYS}/{}", key.id);
    owner.patch(&path, json!({ "custodianId": t.owner.id })).await.is(200);
    t.audit_ends_with(&["api_key.created"]).await;
    assert_eq!(owner.patch(&path, json!({ "custodianId": auditor.id })).await.is(200).at("/data/custodian"), &person(&auditor));
    let events = t.audit().await;
    let updated = events.iter().find(|event| event["action"] == "api_key.updated").expect("an event");
    assert_eq!(updated["details"], json!({ "custodianId": { "from": t.owner.id, "to": auditor.id } }));
    is_unaltered(&t).await;
    t.tamper("UPDATE api_keys SET custodian_id = NULL").await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences;
    assert_eq!(found.iter().map(|found| found.field).collect::<Vec<_>>(), ["custodianId"]);
}

#[tokio::test]
async fn only_a_member_who_has_joined_can_be_a_custodian() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = t.key_with(read_only_key("Website")).await;
    let invited = json!({ "name": "Dee", "email": "dee@skyline.example", "role": "pilot" });
    let invited = owner.post(MEMBERS, invited).await.is(201).at("/data/member/id").clone();
    let (_, outsider) = t.other_workspace().await;
    let outsider = outsider.get(MEMBERS).await.is(200).at("/data/items/0/id").clone();
    for other in [invited, outsider, json!("user_01h455vb4pex5vsknk084sn02q"), json!("dee"), json!(""), json!(null)] {
        let change = json!({ "custodianId": other });
        owner.patch(&format!("{KEYS}/{}", key.id), change).await.is(400).names_field("custodianId");
    }
    let create = with(read_only_key("Other"), "custodianId", json!("user_01h455vb4pex5vsknk084sn02q"));
    owner.post(KEYS, create).await.is(400).names_field("custodianId");
    assert_eq!(owner.get(KEYS).await.is(200).items("name"), ["Website"]);
}

#[tokio::test]
async fn removed_member_hands_all_current_keys_over() {
    let t = TestApp::new().await;
    let (dee, pilot, owner) = (t.add_member(Role::Admin).await, t.add_member(Role::Pilot).await, t.owner().await);
    let theirs = t.signed_in(dee.clone()).await;
    let created = theirs.post(KEYS, read_only_key("Created")).await.is(201).text_at("/data/apiKey/id");
    let chosen = t.key_with(with(read_only_key("Chosen"), "custodianId", json!(dee.id))).await.id;
    let gone = t.key_with(with(read_only_key("Gone"), "custodianId", json!(dee.id))).await;
    owner.post(&format!("{KEYS}/{}/revoke", gone.id), json!({})).await.is(200);
    t.key_with(with(read_only_key("Over"), "custodianId", json!(dee.id))).await;
    t.tamper("UPDATE api_keys SET expires_at = '2026-11-23 09:29:00+00:00' WHERE name = 'Over'").await;
    owner.delete(&removal(&dee, &pilot)).await.is(200);
    t.audit_ends_with(&["api_key.custody_transferred", "member.removed", "api_key.expired"]).await;
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "api_key.custody_transferred").expect("an event");
    let custodian = json!({ "id": pilot.id, "name": pilot.name });
    assert_eq!(event["details"], json!({ "custodian": custodian, "count": 2, "apiKeys": [chosen, created] }));
    assert_eq!((&event["target"]["id"], &event["target"]["name"]), (&json!(dee.id), &json!(dee.name)));
    let listed = owner.get(KEYS).await.is(200);
    let custodian_of = |name: &str| {
        let items = listed.at("/data/items").as_array().expect("a list");
        items.iter().find(|item| item["name"] == name).expect("a key")["custodian"].clone()
    };
    assert_eq!([custodian_of("Created"), custodian_of("Chosen")], [person(&pilot), person(&pilot)]);
    assert_eq!([custodian_of("Gone"), custodian_of("Over")], [json!(null), json!(null)]);
    assert_eq!(orphaned(&t).await, [""; 0]);
    t.tamper("UPDATE api_keys SET expires_at = NULL WHERE name = 'Over'").await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences;
    assert!(found.iter().all(|found| found.name == "Over"), "{found:?}");
}

#[tokio::test]
async fn keys_of_a_removed_member_are_orphaned_without_a_hand_over() {
    let t = TestApp::new().await;
    let (dee, owner) = (t.add_member(Role::Admin).await, t.owner().await);
    t.key_with(read_only_key("Kept")).await;
    t.advance(Duration::from_secs(1)).await;
    t.signed_in(dee.clone()).await.post(KEYS, read_only_key("Website")).await.is(201);
    assert_eq!(orphaned(&t).await, [""; 0]);
    owner.delete(&format!("{MEMBERS}/{}", dee.id)).await.is(200);
    t.audit_ends_with(&["member.removed"]).await;
    let listed = owner.get(KEYS).await.is(200);
    assert_eq!(
        (listed.at("/data/items/0/custodian"), listed.at("/data/items/0/createdBy/name")),
        (&json!(null), &json!(dee.name))
    );
    assert_eq!(orphaned(&t).await, ["Website"]);
    // The successor of such a key has the person who rotates it.
    let rotated = owner.post(&format!("{KEYS}/{}/rotate", listed.text_at("/data/items/0/id")), json!({})).await.is(201);
    assert_eq!(rotated.at("/data/apiKey/custodian"), &person(&t.owner));
    is_unaltered(&t).await;
}

#[tokio::test]
async fn removal_with_an_unfit_custodian_removes_nobody() {
    let t = TestApp::new().await;
    let (dee, owner) = (t.add_member(Role::Admin).await, t.owner().await);
    t.signed_in(dee.clone()).await.post(KEYS, read_only_key("Website")).await.is(201);
    let path = |custodian: &str| format!("{MEMBERS}/{}?custodian_id={custodian}", dee.id);
    for unfit in [dee.id.to_string().as_str(), "user_01h455vb4pex5vsknk084sn02q", "dee", ""] {
        owner.delete(&path(unfit)).await.is(400).names_field("custodian_id");
    }
    owner.delete(&format!("{MEMBERS}/{}?custodian={}", dee.id, t.owner.id)).await.is(400);
    assert!(owner.get(MEMBERS).await.is(200).items("id").contains(&dee.id.to_string()));
}
