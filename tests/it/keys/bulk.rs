//! Changes of several keys in one call.

use planeconnection::audit::compare;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use crate::support::{Response, TestApp, TestKey, read_only_key};

const REVOKE: &str = "/api/v1/api-keys/bulk/revoke";
const ASSIGN: &str = "/api/v1/api-keys/bulk/assign-custodian";
const PAUSE: &str = "/api/v1/api-keys/bulk/pause";
const UNKNOWN: &str = "key_01h455vb4pex5vsknk084sn02q";

/// A current, another current, a revoked and an expired key.
async fn keys_of_every_status(t: &TestApp) -> [TestKey; 4] {
    let mut keys = Vec::new();
    for name in ["One", "Two", "Gone", "Over"] {
        keys.push(t.key_with(read_only_key(name)).await);
    }
    t.owner().await.post(&format!("{KEYS}/{}/revoke", keys[2].id), json!({})).await.is(200);
    t.tamper("UPDATE api_keys SET expires_at = '2026-11-23 09:29:00+00:00' WHERE name = 'Over'").await;
    keys.try_into().expect("four keys")
}

fn outcomes(answer: &Response) -> Vec<(String, String)> {
    let items = answer.at("/data/items").as_array().expect("a list");
    let text = |item: &Value, field: &str| item[field].as_str().expect("a text").to_owned();
    items.iter().map(|item| (text(item, "apiKeyId"), text(item, "outcome"))).collect()
}

#[tokio::test]
async fn selected_keys_are_revoked_together_and_each_outcome_is_reported() {
    let t = TestApp::new().await;
    let [one, two, gone, over] = keys_of_every_status(&t).await;
    let (_, outsider) = t.other_workspace().await;
    let theirs = outsider.post(KEYS, read_only_key("Theirs")).await.is(201);
    let their_id = theirs.text_at("/data/apiKey/id");
    let ids: [&str; 7] = [&two.id, &their_id, &gone.id, UNKNOWN, &one.id, &two.id, &over.id];
    let body = json!({ "ids": ids, "reason": "Review" });
    let answer = t.owner().await.post(REVOKE, body).await.is(200);
    let expected = [(&two.id, "done"), (&their_id, "not_found"), (&gone.id, "unchanged"), (&UNKNOWN.to_owned(), "not_found")];
    let expected = expected.into_iter().chain([(&one.id, "done"), (&over.id, "done")]);
    assert_eq!(outcomes(&answer), expected.map(|(id, outcome)| (id.clone(), outcome.to_owned())).collect::<Vec<_>>());
    assert_eq!(
        (answer.at("/data/items/0/apiKey/status"), answer.at("/data/items/0/apiKey/revokeReason")),
        (&json!("revoked"), &json!("Review"))
    );
    assert!(answer.at("/data/items/0/apiKey/refusedEverywhereAt").is_string());
    assert_eq!(answer.at("/data/items/1/apiKey"), &json!(null));
    for key in [&one, &two, &over] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    }
    t.anonymous().header("x-api-key", &theirs.text_at("/data/secret")).get(WHOAMI).await.is(200);
    let events = t.audit().await;
    let count = |action: &str| events.iter().filter(|event| event["action"] == action).count();
    assert_eq!((count("api_key.revoked"), count("api_key.refused_everywhere")), (4, 4));
    // A repetition changes nothing.
    let again = t.owner().await.post(REVOKE, json!({ "ids": [one.id, two.id] })).await.is(200);
    assert!(outcomes(&again).iter().all(|(_, outcome)| outcome == "unchanged"), "{}", again.text);
    assert_eq!(t.audit().await.iter().filter(|event| event["action"] == "api_key.revoked").count(), 4);
}

#[tokio::test]
async fn selected_keys_are_paused_and_each_outcome_is_reported() {
    let t = TestApp::new().await;
    let [one, two, gone, over] = keys_of_every_status(&t).await;
    let owner = t.owner().await;
    let body = json!({ "ids": [two.id, one.id, gone.id, over.id, UNKNOWN], "minutes": 5 });
    let answer = owner.post(PAUSE, body).await.is(200);
    let reported: Vec<_> = outcomes(&answer).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(reported, ["done", "done", "not_active", "not_active", "not_found"]);
    assert_eq!(answer.at("/data/items/0/apiKeyId"), &json!(two.id));
    assert_eq!(answer.at("/data/items/0/apiKey/status"), "paused");
    for key in [&one, &two] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    }
    t.advance(std::time::Duration::from_mins(5)).await;
    for key in [&one, &two] {
        t.with(key).get(WHOAMI).await.is(200);
    }
    owner.post(PAUSE, json!({ "ids": [one.id], "minutes": 0 })).await.is(400).names_field("minutes");
    owner.post(PAUSE, json!({ "ids": [] })).await.is(400).names_field("ids");
}

#[tokio::test]
async fn selected_keys_get_a_custodian_and_each_outcome_is_reported() {
    let t = TestApp::new().await;
    let pilot = t.add_member(Role::Pilot).await;
    let [one, two, gone, over] = keys_of_every_status(&t).await;
    let owner = t.owner().await;
    owner.patch(&format!("{KEYS}/{}", two.id), json!({ "custodianId": pilot.id })).await.is(200);
    let body = json!({ "ids": [one.id, two.id, gone.id, over.id, UNKNOWN], "custodianId": pilot.id });
    let answer = owner.post(ASSIGN, body).await.is(200);
    let reported: Vec<_> = outcomes(&answer).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(reported, ["done", "unchanged", "not_active", "not_active", "not_found"]);
    assert_eq!(answer.at("/data/items/0/apiKey/custodian/id"), &json!(pilot.id));
    t.audit_ends_with(&["api_key.updated", "api_key.updated", "api_key.expired"]).await;
    let events = t.audit().await;
    let last = events.iter().rev().find(|event| event["action"] == "api_key.updated").expect("an event");
    assert_eq!(last["details"], json!({ "custodianId": { "from": t.owner.id, "to": pilot.id } }));
    assert_eq!(last["target"]["id"], json!(one.id));
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences;
    assert!(found.iter().all(|found| found.name == "Over"), "{found:?}");
}

#[tokio::test]
async fn selection_is_bounded_and_validated_before_anything_changes() {
    let t = TestApp::new().await;
    let key = t.key_with(read_only_key("One")).await;
    let owner = t.owner().await;
    let too_many = vec![key.id.as_str(); 101];
    for ids in [json!([]), json!(too_many)] {
        owner.post(REVOKE, json!({ "ids": ids })).await.is(400).names_field("ids");
        owner.post(ASSIGN, json!({ "ids": ids, "custodianId": t.owner.id })).await.is(400).names_field("ids");
    }
    owner.post(REVOKE, json!({ "ids": [key.id, "x"] })).await.is(400).names_field("ids[1]");
    owner.post(REVOKE, json!({})).await.is(400).names_field("ids");
    owner.post(ASSIGN, json!({ "ids": [key.id] })).await.is(400).names_field("custodianId");
    let unknown = json!({ "ids": [key.id], "custodianId": "user_01h455vb4pex5vsknk084sn02q" });
    owner.post(ASSIGN, unknown).await.is(400).names_field("custodianId");
    t.with(&key).get(WHOAMI).await.is(200);
    t.audit_ends_with(&["api_key.created", "api_key.used"]).await;
}
