//! Payloads of dismissals.

use planeconnection::audit::EventType;
use serde_json::{Value, json};

use super::{data, receiving};
use crate::findings::FINDINGS;
use crate::support::TestApp;

/// Dismisses a finding, and takes that back.
pub(super) async fn change_everything(t: &TestApp) {
    let key = t.named_key("Never expires").await;
    let owner = t.owner().await;
    let path = format!("{FINDINGS}?code=key_no_expiry&api_key_id={}", key.id);
    let id = owner.get(&path).await.is(200).text_at("/data/items/0/id");
    let path = format!("{FINDINGS}/{id}/dismiss");
    owner.post(&path, json!({ "reason": "It is known" })).await.is(200);
    owner.delete(&path).await.is(200);
}

#[tokio::test]
async fn dismissal_names_the_finding_and_what_it_is_about() {
    let t = receiving().await;
    change_everything(&t).await;
    let dismissed = data(&t, EventType::FindingDismissed).await;
    assert_eq!([&dismissed["code"], &dismissed["reason"]], [&json!("key_no_expiry"), &json!("It is known")]);
    assert_eq!(dismissed["target"]["type"], "api_key");
    let restored = data(&t, EventType::FindingRestored).await;
    assert_eq!([&restored["finding_id"], &restored["reason"]], [&dismissed["finding_id"], &Value::Null]);
    assert_eq!(restored["target"], dismissed["target"]);
}
