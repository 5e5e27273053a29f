//! The types of events, and their examples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::webhook;
use crate::support::TestApp;

#[tokio::test]
async fn every_type_is_listed_with_module_and_example() {
    let t = TestApp::new().await;
    let listed = t.with(&t.key(&["trips:read"]).await).get("/api/v1/webhook-event-types").await.is(200);
    let items = listed.at("/data/items").as_array().expect("a list");
    assert!(items.len() > 30, "{}", items.len());
    for item in items {
        assert_eq!(item["type"], item["example"]["type"]);
        assert!(item["description"].as_str().is_some_and(|text| text.ends_with('.')), "{item}");
        let modules = [json!("trips"), json!("fleet"), json!("safety"), json!("invoices"), json!("audit"), Value::Null];
        assert!(modules.contains(&item["module"]), "{item}");
    }
    let test = items.last().expect("a type");
    assert_eq!(
        (&test["type"], &test["module"], &test["example"]["sequence"]),
        (&json!("webhook.test"), &Value::Null, &Value::Null)
    );
    t.anonymous().get("/api/v1/webhook-event-types").await.is(401);
}

fn fields(data: &Value) -> BTreeSet<String> {
    data.as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn examples_have_the_fields_of_what_is_published() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let listed = owner.get("/api/v1/webhook-event-types").await.is(200);
    let items = listed.at("/data/items").as_array().expect("a list");
    let examples: BTreeMap<&str, &Value> =
        items.iter().map(|item| (item["type"].as_str().expect("a type"), &item["example"])).collect();
    webhook(&owner, &["*"]).await;
    let mut compared = BTreeSet::new();
    for event in Box::pin(crate::payloads::of_every_kind(&t)).await {
        let data = &event["data"];
        // Other reports have fewer fields.
        if data.get("confidentiality").is_some_and(|confidentiality| confidentiality != "standard") {
            continue;
        }
        let event_type = event["type"].as_str().expect("a type").to_owned();
        let example = examples[event_type.as_str()];
        assert_eq!(fields(&event), fields(example), "{event}");
        let mut expected = fields(&example["data"]);
        // Without a rule that applies there is no kind.
        if event_type == "api_key.unusual" && data.get("kind").is_none() {
            expected.remove("kind");
        }
        assert_eq!(fields(data), expected, "{event}");
        compared.insert(event_type);
    }
    assert!(compared.len() > 25, "{compared:?}");
}
