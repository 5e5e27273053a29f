//! The changes feed: every change once, in order, for those who may read it.

mod waits;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{INVOICES, REPORTS, TRIPS};

use crate::lists::SUBJECTS;
use crate::support::{Client, Response, TestApp};

const CHANGES: &str = "/api/v1/changes";

const AIRCRAFT: &str = "/api/v1/ops/aircraft";

fn trip() -> Value {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" })
}

async fn add_trip(client: &Client) -> String {
    client.post(TRIPS, trip()).await.is(201).text_at("/data/id")
}

async fn changes(client: &Client, query: &str) -> Response {
    client.get(&format!("{CHANGES}{query}")).await.is(200)
}

/// Returns module, kind and id of each change of a response.
fn items(response: &Response) -> Vec<(String, String, String)> {
    let text = |item: &Value, field: &str| item[field].as_str().expect("a text").to_owned();
    let items = response.at("/data/items").as_array().expect("items");
    items.iter().map(|item| (text(item, "module"), text(item, "change"), text(item, "id"))).collect()
}

fn next(response: &Response) -> i64 {
    response.at("/data/next").as_i64().expect("a number")
}

#[tokio::test]
async fn every_change_is_listed_once_in_order_with_the_object_as_it_is_now() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let before = next(&changes(&owner, "").await);
    let mut expected = Vec::new();
    for (subject, module) in SUBJECTS.iter().filter_map(|subject| Some((subject, module_of(subject.list)?))) {
        let id = subject.create(&owner, 1).await;
        owner.patch(&format!("{}/{id}", subject.list), (subject.change)(2)).await.is(200);
        expected.extend(["created", "updated"].map(|kind| (module.to_owned(), kind.to_owned(), id.clone())));
    }
    assert_eq!(expected.len(), 8, "all modules");
    let all = changes(&owner, &format!("?after={before}")).await;
    assert_eq!(items(&all), expected);
    for item in all.at("/data/items").as_array().expect("items") {
        let (list, id) = (list_of(item["module"].as_str().expect("a module")), item["id"].as_str().expect("an id"));
        assert_eq!(item["object"], *owner.get(&format!("{list}/{id}")).await.is(200).at("/data"));
    }
    // One at a time, it is the same.
    let (mut walked, mut after) = (Vec::new(), before);
    loop {
        let part = changes(&owner, &format!("?after={after}&limit=1")).await;
        walked.extend(items(&part));
        after = next(&part);
        if *part.at("/data/has_more") == false {
            break;
        }
    }
    assert_eq!(walked, expected);
    assert_eq!((after, all.at("/data/latest")), (next(&all), &json!(after)));
}

fn module_of(list: &str) -> Option<&'static str> {
    ["trips", "fleet", "safety", "invoices"].into_iter().find(|module| list_of(module) == list)
}

fn list_of(module: &str) -> &'static str {
    match module {
        "trips" => TRIPS,
        "fleet" => AIRCRAFT,
        "safety" => REPORTS,
        "invoices" => INVOICES,
        other => panic!("there is no module {other}"),
    }
}

#[tokio::test]
async fn view_of_ids_has_no_objects() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    add_trip(&owner).await;
    let ids = changes(&owner, "?view=ids").await;
    assert_eq!(*ids.at("/data/items/0/object"), Value::Null);
}

#[tokio::test]
async fn caller_sees_modules_that_it_may_read_and_no_others() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    add_trip(&owner).await;
    for subject in SUBJECTS.iter().filter(|subject| module_of(subject.list).is_some_and(|module| module != "trips")) {
        subject.create(&owner, 1).await;
    }
    let modules = |response: &Response| items(response).into_iter().map(|(module, _, _)| module).collect::<Vec<_>>();
    let all = changes(&owner, "").await;
    let trips = t.with(&t.key(&["trips:read"]).await);
    let seen = changes(&trips, "").await;
    assert_eq!(modules(&seen), ["trips"]);
    assert_eq!(*seen.at("/data/has_more"), false, "and moves past the others");
    assert_eq!(modules(&changes(&trips, "?module=trips").await), ["trips"]);
    let refused = trips.get(&format!("{CHANGES}?module=trips,fleet")).await.is(403).code("SCOPE_REQUIRED");
    assert_eq!(*refused.at("/error/requiredScope"), "fleet:read");
    t.with(&t.key(&["audit:read"]).await).get(CHANGES).await.is(403).code("SCOPE_REQUIRED");
    let pilot = t.member(Role::Pilot).await;
    let mut theirs = modules(&changes(&pilot, "").await);
    theirs.sort();
    theirs.dedup();
    assert_eq!(theirs, ["fleet", "trips"], "reports only from their own list");
    pilot.get(&format!("{CHANGES}?module=safety")).await.is(403).code("ROLE_REQUIRED");
    let (_, northwind) = t.other_workspace().await;
    assert_eq!(items(&changes(&northwind, "").await), []);
    assert_eq!(modules(&all).len(), 4);
}

#[tokio::test]
async fn change_is_no_trace_of_who_filed_an_anonymous_report() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await;
    let report = json!({
        "reportType": "concern", "title": "Fuel cap found open", "description": "The left fuel cap was found open before the second leg.",
        "occurredAt": "2026-11-22T17:05:00Z", "confidentiality": "anonymous",
    });
    pilot.post(REPORTS, report).await.is(201);
    let seen = changes(&t.with(&t.key(&["safety:read"]).await), "").await;
    let item = seen.at("/data/items/0").as_object().expect("a change");
    let fields: Vec<&str> = item.keys().map(String::as_str).collect();
    assert_eq!(fields, ["sequence", "occurredAt", "module", "change", "id", "object"]);
    assert_eq!(item["object"]["reporter"], Value::Null);
}

#[tokio::test]
async fn invalid_query_is_reported_per_field() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (query, field) in [
        ("after=-1", "after"),
        ("after=soon", "after"),
        ("module=crew", "module"),
        ("module=", "module"),
        ("module=audit", "module"),
        ("view=some", "view"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("module=trips,trips", "module"),
        ("wait=31", "wait"),
        ("since=1", "since"),
    ] {
        owner.get(&format!("{CHANGES}?{query}")).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
}

#[tokio::test]
async fn number_past_the_latest_change_says_to_read_the_lists_again() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let latest = next(&changes(&owner, "").await);
    let refused = owner.get(&format!("{CHANGES}?after={}&wait=30", latest + 1)).await.is(400).names_field("after");
    assert!(refused.text.contains("read the lists again"), "{}", refused.text);
}

#[tokio::test]
async fn reset_of_the_sandbox_is_a_change_of_all_its_data() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut body = testkit::create_key_body("Trial", &["trips:write"]);
    body["test"] = json!(true);
    let test = t.with(&t.key_with(body).await);
    let trip = add_trip(&test).await;
    owner.post("/api/v1/sandbox/reset", json!({})).await.is(200);
    let seen = changes(&test, "").await;
    let kinds: Vec<_> = items(&seen).into_iter().map(|(module, kind, _)| (module, kind)).collect();
    let expected = [("trips", "created"), ("sandbox", "reset")].map(|(module, kind)| (module.to_owned(), kind.to_owned()));
    assert_eq!(kinds, expected);
    assert_eq!((seen.text_at("/data/items/0/id"), seen.at("/data/items/0/object")), (trip, &Value::Null), "it is gone");
    assert_eq!(items(&changes(&owner, "").await), [], "the workspace has changes of its own");
}

#[tokio::test]
async fn call_counts_for_the_scope_of_each_module_that_it_reads() {
    let t = TestApp::new().await;
    let scopes = ["trips:read", "fleet:read", "safety:read"];
    for (query, expected) in [
        ("", vec![Value::Null, json!("fleet:read"), json!("safety:read"), json!("trips:read")]),
        ("?module=trips,fleet", vec![Value::Null, json!("fleet:read"), json!("trips:read")]),
        ("?module=trips", vec![json!("trips:read")]),
    ] {
        let key = t.key(&scopes).await;
        changes(&t.with(&key), query).await;
        t.flush().await;
        let usage = t.owner().await.get(&format!("/api/v1/api-keys/{}/usage", key.id)).await.is(200);
        let mut used: Vec<Value> =
            usage.at("/data/scopes").as_array().expect("scopes").iter().map(|row| row["scope"].clone()).collect();
        used.sort_by_key(ToString::to_string);
        let mut expected = expected;
        expected.sort_by_key(ToString::to_string);
        assert_eq!(used, expected, "{query}");
    }
}
