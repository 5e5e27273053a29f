//! Query strings and the ids in paths.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::{Target, config, is_decent, text};
use crate::support::TestApp;

const PATHS: [&str; 11] = [
    "/api/v1/api-keys",
    "/api/v1/audit-log",
    "/api/v1/members",
    "/api/v1/ops/trips",
    "/api/v1/ops/aircraft",
    "/api/v1/ops/invoices",
    "/api/v1/sms/reports",
    "/settings/api-keys",
    "/settings/audit-log",
    "/settings/members",
    "/sign-in",
];

const NAMES: [&str; 18] = [
    "limit",
    "page",
    "pageSize",
    "cursor",
    "sort",
    "status",
    "search",
    "from",
    "to",
    "dateFrom",
    "date_from",
    "date_to",
    "actor_id",
    "apiKeyId",
    "action",
    "outcome",
    "unusual",
    "after",
];

/// Names and values, escaped as they should be, or bytes that a URI may hold as they come.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![4 => proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => text()];
    let pairs = vec((name, text()), 0..5).prop_map(|pairs| serde_urlencoded::to_string(pairs).unwrap_or_default());
    prop_oneof![3 => pairs, 1 => "[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]{0,400}"]
}

#[tokio::test]
async fn error_truncates_a_long_parameter_name() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let long = "a".repeat(200_000);
    let in_query = owner.get(&format!("/api/v1/api-keys?{}=1", &long[..10_000])).await.is(400);
    let in_body = owner.post("/api/v1/api-keys", json!({ long: 1 })).await.is(400);
    for refused in [in_query, in_body] {
        assert!(refused.text.len() < 4_000, "{} bytes", refused.text.len());
        assert!(refused.text.contains("allowed: "), "{}", refused.text);
    }
}

#[test]
fn arbitrary_query_gets_a_response() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    proptest!(config(), |(path in proptest::sample::select(PATHS.to_vec()), query in query())| {
        let address = format!("{path}?{query}");
        // A client cannot send what is no URI, and hyper answers a longer one by itself.
        prop_assume!(address.len() < 8000 && address.parse::<axum::http::Uri>().is_ok());
        is_decent(&target.answer(owner.get(&address)))?;
    });
}

#[test]
fn arbitrary_id_in_a_path_gets_a_response() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    let places = vec!["/api/v1/api-keys/", "/api/v1/ops/trips/", "/api/v1/ops/invoices/", "/settings/api-keys/", "/assets/"];
    proptest!(config(), |(place in proptest::sample::select(places), id in text(), is_key: bool)| {
        let escaped = serde_urlencoded::to_string([("", &id)]).unwrap_or_default().replace('+', "%20");
        let address = format!("{place}{}{}", if is_key { "key_" } else { "" }, escaped.trim_start_matches('='));
        prop_assume!(address.len() < 8000);
        is_decent(&target.answer(owner.get(&address)))?;
    });
}
