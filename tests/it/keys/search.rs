//! Searches by a part of a name: they are made in memory, and find what the database would find, at once.

use std::sync::Arc;
use std::time::Duration;

use kit::http::Paging;
use kit::random::Random;
use planeconnection::app::App;
use planeconnection::config::Config;
use planeconnection::keys::{
    self, Include, KeyFilter, KeyNameCache, KeyOrder, KeyProperty, KeyQuery, KeySort, Keys, Only, Status, StatusCounts,
};
use serde_json::json;
use testkit::KEYS;

use super::with;
use crate::support::{TestApp, read_only_key};

fn query(text: &str) -> KeyQuery {
    KeyQuery::from(&KeyFilter { search: Some(text.to_owned()), ..KeyFilter::default() })
}

/// The names of a page of keys that a search finds, and the numbers of all.
async fn page(keys: &Keys, t: &TestApp, query: &KeyQuery, number: u32) -> (Vec<String>, StatusCounts) {
    let paging = |_| Paging::page(number, 20);
    let list = keys::list(keys, t.workspace.id, query, paging, Include::Nothing, t.app.clock.now()).await.expect("a list");
    (list.page.items.into_iter().map(|item| item.key.name).collect(), list.counts)
}

/// The names of all keys that a search finds, by cursors.
async fn walk(keys: &Keys, t: &TestApp, query: &KeyQuery) -> Vec<String> {
    let (mut names, mut next) = (Vec::new(), Some(Paging::page(1, 200)));
    while let Some(paging) = next {
        let part =
            keys::list_part(keys, t.workspace.id, query, paging, Include::Nothing, t.app.clock.now()).await.expect("a part");
        next = part.next();
        names.extend(part.items.into_iter().map(|item| item.key.name));
    }
    names
}

/// Another process on the database, such as the command line.
async fn other_process(t: &TestApp) -> App {
    App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(8)).await.expect("a database")
}

/// The services on keys of a node that holds no names in memory.
fn without_names(t: &TestApp) -> Keys {
    Keys { names: Arc::new(KeyNameCache::with_limit(0)), ..t.app.keys.clone() }
}

/// Keys of every status, more than a query names by their ids, half of them without the form of their name. Their time of creation
/// is the same.
async fn many_keys(t: &TestApp) {
    t.named_key("First").await;
    let [id, digest] = [("randomblob(16)", "gen_random_uuid()"), ("randomblob(32)", "sha256(gen_random_uuid()::text::bytea)")]
        .map(|(sqlite, postgres)| t.database.by_engine(sqlite, postgres));
    t.tamper(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600), \
         one AS (SELECT * FROM api_keys LIMIT 1) \
         INSERT INTO api_keys (id, workspace_id, digest, hint, name, name_folded, name_skeleton, name_forms_of, permissions, scopes, \
                               created_at, created_by_id, created_by_name, revoked_at, expires_at, paused_at, revision) \
         SELECT {id}, workspace_id, {digest}, hint, 'Many ' || i, CASE WHEN i % 2 = 0 THEN 'many ' || i END, \
                CASE WHEN i % 2 = 0 THEN 'rnany ' || i END, CASE WHEN i % 2 = 0 THEN revision + i END, permissions, scopes, \
                created_at, created_by_id, created_by_name, CASE WHEN i % 5 = 0 THEN created_at END, \
                CASE WHEN i % 7 = 0 THEN created_at END, CASE WHEN i % 11 = 0 THEN created_at END, revision + i FROM one, n; \
         UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)"
    ))
    .await;
    t.advance(Duration::from_mins(1)).await;
    for name in ["Many thanks", "Some and many more"] {
        t.named_key(name).await;
    }
}

#[tokio::test]
async fn search_in_memory_finds_what_the_database_finds() {
    let t = TestApp::new().await;
    many_keys(&t).await;
    let in_database = without_names(&t);
    let only = |property| Only { properties: vec![property], ..Only::default() };
    let ways = [
        (Only::default(), KeyOrder::default()),
        (Only::default(), KeyOrder::Ascending(KeySort::Name)),
        (Only::default(), KeyOrder::Descending(KeySort::Expires)),
        (Only::default(), KeyOrder::Ascending(KeySort::LastUsed)),
        (only(KeyProperty::NoExpiration), KeyOrder::default()),
        (only(KeyProperty::NoExpiration), KeyOrder::Ascending(KeySort::Created)),
    ];
    for (text, total) in [("many", 602), ("MANY 59", 11), ("y", 602), ("many 600", 1), ("some", 1), ("nothing", 0)] {
        assert_eq!(page(&t.app.keys, &t, &query(text), 1).await.1.of(None), total, "{text}");
        for status in [None, Some(Status::Active), Some(Status::Paused), Some(Status::Expired), Some(Status::Revoked)] {
            for (only, order) in &ways {
                let query = KeyQuery { status, only: only.clone(), order: *order, ..query(text) };
                for number in [1, 3] {
                    let [found, expected] = [&t.app.keys, &in_database].map(|keys| page(keys, &t, &query, number));
                    assert_eq!(found.await, expected.await, "page {number} of {query:?}");
                }
            }
            let query = KeyQuery { status, ..query(text) };
            assert_eq!(walk(&t.app.keys, &t, &query).await, walk(&in_database, &t, &query).await, "{query:?}");
        }
    }
}

#[tokio::test]
async fn key_changed_by_another_process_is_found_by_the_next_search() {
    let t = TestApp::new().await;
    let other = other_process(&t).await;
    let found = async |text: &str| page(&other.keys, &t, &query(text), 1).await;
    assert_eq!(found("dash").await.0, [""; 0]);
    let (owner, key) = (t.owner().await, t.named_key("Dashboard").await);
    assert_eq!(found("dash").await.0, ["Dashboard"]);
    assert_eq!(found(&key.secret[38..]).await.0, ["Dashboard"], "by its hint");
    owner.patch(&format!("{KEYS}/{}", key.id), json!({ "name": "Crew Portal" })).await.is(200);
    assert_eq!((found("dash").await.0, found("portal").await.0), (vec![], vec!["Crew Portal".to_owned()]));
    owner.post(&format!("{KEYS}/{}/pause", key.id), json!({ "minutes": 5 })).await.is(200);
    assert_eq!(found("portal").await.1, StatusCounts { paused: 1, ..StatusCounts::default() });
    t.advance(Duration::from_mins(5)).await;
    assert_eq!(found("portal").await.1, StatusCounts { active: 1, ..StatusCounts::default() });
    owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    assert_eq!(found("portal").await.1, StatusCounts { revoked: 1, ..StatusCounts::default() });
    t.key_with(with(read_only_key("Portal"), "expiresAt", json!("2026-11-23T10:30:00Z"))).await;
    assert_eq!(found("portal").await.0, ["Portal", "Crew Portal"]);
    t.advance(Duration::from_hours(1)).await;
    assert_eq!(found("portal").await.1, StatusCounts { expired: 1, revoked: 1, ..StatusCounts::default() });
}

#[tokio::test]
async fn search_follows_a_database_that_went_back() {
    let t = TestApp::new().await;
    let key = t.named_key("Known").await;
    t.admin().await.patch(&format!("{KEYS}/{}", key.id), json!({ "name": "Lost" })).await.is(200);
    let found = async |text: &str| page(&t.app.keys, &t, &query(text), 1).await.0;
    assert_eq!(found("lost").await, ["Lost"]);
    t.tamper("UPDATE api_keys SET name = 'Known', revision = revision - 1; UPDATE revisions SET value = value - 1").await;
    assert_eq!((found("lost").await, found("known").await), (vec![], vec!["Known".to_owned()]));
}

#[tokio::test]
async fn row_that_was_written_without_the_product_is_found_after_a_day() {
    let t = TestApp::new().await;
    t.named_key("Dashboard").await;
    // It has no lease, whose loss would make it load everything anew.
    let other = other_process(&t).await;
    let found = async |text: &str| page(&other.keys, &t, &query(text), 1).await.0;
    assert_eq!(found("dash").await, ["Dashboard"]);
    t.tamper("UPDATE api_keys SET name = 'Portal', name_folded = 'portal'").await;
    t.app.clock.advance(Duration::from_hours(24));
    assert_eq!((found("dash").await, found("portal").await), (vec![], vec!["Portal".to_owned()]));
}

#[tokio::test]
async fn unreadable_row_leaves_the_search_to_the_database() {
    let t = TestApp::new().await;
    t.named_key("Dashboard").await;
    t.tamper(&format!(
        "UPDATE api_keys SET {}",
        t.database.by_engine("expires_at = '2099-01-01 00:00:00+00:00'", "expires_at = NULL")
    ))
    .await;
    assert_eq!(page(&t.app.keys, &t, &query("dash"), 1).await.0, ["Dashboard"]);
}

#[tokio::test]
async fn search_is_in_one_workspace() {
    let t = TestApp::new().await;
    t.named_key("Dashboard").await;
    let (_, outsider) = t.other_workspace().await;
    outsider.post(KEYS, read_only_key("Other dashboard")).await.is(201);
    for round in 1..=2 {
        assert_eq!(t.admin().await.get(&format!("{KEYS}?search=dash")).await.is(200).items("name"), ["Dashboard"]);
        assert_eq!(outsider.get(&format!("{KEYS}?search=dash")).await.is(200).items("name"), ["Other dashboard"]);
        outsider.post(KEYS, read_only_key(&format!("Charter {round}"))).await.is(201);
    }
}
