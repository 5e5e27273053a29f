//! The least permissions of a key, on its page and at its rotation, and shadow mode.

use std::time::Duration;

use planeconnection::members::Role;
use testkit::{AIRCRAFT, TRIPS};

use crate::page::Page;
use crate::support::{TestApp, TestKey};

const DAY: Duration = Duration::from_hours(24);

fn page(key: &TestKey, rest: &str) -> String {
    format!("/settings/api-keys/{}{rest}", key.id)
}

/// A key of eight days that reads trips, and may do more.
async fn used_key(t: &TestApp) -> TestKey {
    let key = t.key(&["trips:write", "fleet:read"]).await;
    t.with(&key).get(TRIPS).await.is(200);
    t.flush().await;
    t.advance(DAY * 8).await;
    key
}

fn is_checked(page: &Page, name: &str, value: &str) -> bool {
    page.root().first(&format!("input[name={name}][value={value}]")).has_attribute("checked")
}

#[tokio::test]
async fn key_page_compares_granted_with_used_and_leads_to_the_smaller_set() {
    let t = TestApp::new().await;
    let key = used_key(&t).await;
    let ana = t.person(Role::Admin).await;
    let shown = ana.get(&page(&key, "")).await.is(200).says("The smaller set is Trips (read).").page();
    let section = shown.section("Permissions: granted and used");
    let rows: Vec<_> = section.select("tbody tr").into_iter().map(|row| row.text_of("cell").join(", ")).collect();
    assert_eq!(rows, ["Trips, Write, 1 last 23 Nov 2026, 0, Read", "Fleet, Read, 0, –, None"]);
    let smaller = section.first("input[name=scopes]").attribute("value").to_owned();
    let rotate = ana.get(&page(&key, &format!("/rotate?scopes={smaller}"))).await.is(200).page();
    for (name, value) in [("permissions", "custom"), ("scope-trips", "read"), ("scope-fleet", "none")] {
        assert!(is_checked(&rotate, name, value), "{name}");
    }
    let used = ana.get(&page(&key, "/rotate?scopes=used")).await.is(200).page();
    assert!(is_checked(&used, "scope-trips", "read"));
    // A link proposes nothing that the key does not have.
    let hostile = ana.get(&page(&key, "/rotate?scopes=invoices:write,fleet:write,%22")).await.is(200).page();
    assert!(is_checked(&hostile, "permissions", "same"));
}

#[tokio::test]
async fn nothing_is_proposed_for_a_key_that_is_young_unused_or_uses_everything() {
    let t = TestApp::new().await;
    let (young, unused, whole) =
        (t.key(&["trips:write", "fleet:read"]).await, t.named_key("Unused").await, t.key(&["trips:read"]).await);
    for key in [&young, &whole] {
        t.with(key).get(TRIPS).await.is(200);
    }
    t.flush().await;
    let ana = t.person(Role::Admin).await;
    ana.get(&page(&young, ""))
        .await
        .is(200)
        .says("A smaller set is proposed after 7 days.")
        .lacks("button", "Use the smaller set");
    t.advance(DAY * 8).await;
    let ana = t.person(Role::Admin).await;
    for (key, verdict) in [(&unused, "No request needed a permission"), (&whole, "Every permission of this key was used")] {
        ana.get(&page(key, "")).await.is(200).says(verdict).lacks("button", "Use the smaller set");
    }
}

#[tokio::test]
async fn shadow_mode_is_started_watched_and_ended_on_the_page() {
    let t = TestApp::new().await;
    let key = used_key(&t).await;
    let ana = t.person(Role::Admin).await;
    let sent = ana.submit(&page(&key, ""), &page(&key, "/shadow"), &[]).await;
    sent.redirects_to(&page(&key, "#shadow"));
    let shown = ana.get(&page(&key, "")).await.is(200).says("0 of 7 days").says("So far, nothing would have been refused.");
    shown.shows("button", "Use the smaller set").lacks("button", "Try it in shadow mode");
    t.advance(DAY * 3).await;
    t.with(&key).get(AIRCRAFT).await.is(200);
    t.flush().await;
    let ana = t.person(Role::Admin).await;
    let shown = ana.get(&page(&key, "")).await.is(200).says("3 of 7 days").says("These requests would have been refused.");
    let row = shown.page().section("Shadow mode").first("tbody tr").text_of("cell");
    assert_eq!([&row[0], &row[1], &row[3]], ["fleet:read", "1", "GET /api/v1/ops/aircraft"]);
    // The key used more since, so that the smaller set is another one.
    shown.says("The smaller set is Trips (read), Fleet (read).").shows("button", "Try it in shadow mode");
    ana.submit(&page(&key, ""), &page(&key, "/shadow/end"), &[]).await.redirects_to(&page(&key, "#permissions"));
    ana.get(&page(&key, "")).await.is(200).lacks("heading", "Shadow mode").shows("button", "Try it in shadow mode");
    let token = ana.get(&page(&key, "")).await.hidden(&page(&key, "/shadow")).remove(0).1;
    ana.post(&page(&key, "/shadow/end"), &[("csrf", &token)]).await.redirects_to(&page(&key, "#permissions"));
    ana.post(&page(&key, "/shadow"), &[("csrf", &token), ("scopes", "invoices:write")]).await.is(400);
    ana.post(&page(&key, "/shadow"), &[("csrf", &token), ("scopes", "")]).await.is(400);
}
