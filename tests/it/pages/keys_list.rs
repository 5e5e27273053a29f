//! Settings > API Keys: what the list shows, how it is filtered, searched and sorted, and the owner's switch.

mod search;

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::json;

use crate::support::{Response, TestApp, TestKey, read_only_key};

const LIST: &str = "/settings/api-keys";
const SEARCH: &str = "/settings/api-keys/search";
const MANAGEMENT: &str = "/settings/api-keys/management";

impl TestApp {
    async fn revoke(&self, key: &TestKey) {
        self.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
    }

    /// Keys of every status, used and unused.
    async fn keys_of_every_kind(&self) {
        let old = self.key_with(read_only_key("Old website")).await;
        self.revoke(&old).await;
        self.advance(Duration::from_hours(24)).await;
        self.key_with(json!({ "name": "Legacy import", "permissions": "read_write", "expiresAt": "2026-11-25T00:00:00Z" })).await;
        let scopes = json!(["trips:read", "invoices:write"]);
        let used = self
            .key_with(json!({
                "name": "QuickBooks Integration", "permissions": "custom", "scopes": scopes,
                "expiresAt": "2026-12-02T09:30:00Z", "description": "Creates invoices",
            }))
            .await;
        for _ in 0..2 {
            self.with(&used).get("/api/v1/ops/trips").await.is(200);
            self.with(&used).get("/api/v1/ops/aircraft").await.is(403);
            self.flush().await;
            self.advance(Duration::from_hours(12)).await;
            self.with(&used).get("/api/v1/ops/trips").await.is(200);
            self.flush().await;
            self.advance(Duration::from_hours(6)).await;
        }
        self.advance(Duration::from_mins(90)).await;
        self.key_with(read_only_key("<script>alert(1)</script> \"x\" & 'y'")).await;
    }
}

/// The names of the keys, from the top.
fn names(page: &Response) -> Vec<String> {
    page.page().rows().into_iter().map(|row| row.first("a.name").text()).collect()
}

/// The `href` of the link with this text.
#[track_caller]
fn link(page: &Response, text: &str) -> String {
    page.page().link(text)
}

/// The sort order of the column with this heading.
#[track_caller]
fn order(page: &Response, column: &str) -> String {
    page.page().root().find("columnheader", column).attribute("aria-sort").to_owned()
}

#[tokio::test]
async fn list_shows_status_and_usage_of_every_key() {
    let t = TestApp::new().await;
    t.keys_of_every_kind().await;
    let page = t.person(Role::AccountOwner).await.get(LIST).await.is(200);
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn empty_list_explains_api_keys() {
    let t = TestApp::new().await;
    let page = t.person(Role::AccountOwner).await.get(LIST).await.is(200);
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn row_offers_actions_by_status() {
    let t = TestApp::new().await;
    t.keys_of_every_kind().await;
    let page = t.person(Role::Admin).await.get(LIST).await.is(200).page();
    let actions = |key: &str| page.row(key).first(".actions").text_of("button");
    assert_eq!(actions("QuickBooks Integration"), ["Rotate", "Revoke"]);
    assert_eq!(actions("Legacy import"), ["Revoke"]);
    assert!(actions("Old website").is_empty());
    assert!(page.row("QuickBooks Integration").text().contains("2 Dec 2026in 6 days"));
}

#[tokio::test]
async fn key_name_is_escaped() {
    let t = TestApp::new().await;
    t.keys_of_every_kind().await;
    let page = t.person(Role::Admin).await.get(LIST).await.is(200);
    page.says("&#60;script&#62;alert(1)&#60;/script&#62;").does_not_say("<script>alert");
    let found = t.person(Role::Admin).await.get("/settings/api-keys?search=%22%3E%3Cb%3E").await.is(200);
    found.says("&#60;b&#62;").does_not_say("<b>");
}

#[tokio::test]
async fn tab_lists_one_status_and_its_count() {
    let t = TestApp::new().await;
    t.keys_of_every_kind().await;
    let admin = t.person(Role::Admin).await;
    let page = admin.get(LIST).await.is(200).says("All 4").says("Active 2").says("Expired 1").says("Revoked 1");
    let expired = admin.get(&link(&page, "Expired 1")).await.is(200);
    assert_eq!(names(&expired), ["Legacy import"]);
    assert_eq!(expired.page().root().first("main [aria-current=page]").text(), "Expired 1");
    expired.says("All 4");
}

#[tokio::test]
async fn column_header_sorts_and_reverses() {
    let t = TestApp::new().await;
    for name in ["beta", "Alpha", "gamma"] {
        t.key_with(read_only_key(name)).await;
        t.advance(Duration::from_secs(1)).await;
    }
    let admin = t.person(Role::Admin).await;
    let newest = admin.get(LIST).await.is(200);
    assert_eq!((order(&newest, "Created"), link(&newest, "Created")), ("descending".to_owned(), format!("{LIST}?sort=created")));
    assert_eq!(names(&newest), ["gamma", "Alpha", "beta"]);
    let sorted = admin.get(&link(&newest, "Name")).await.is(200);
    assert_eq!(order(&sorted, "Name"), "ascending");
    assert_eq!(names(&sorted), ["Alpha", "beta", "gamma"]);
    let turned = admin.get(&link(&sorted, "Name")).await.is(200);
    assert_eq!(names(&turned), ["gamma", "beta", "Alpha"]);
}

#[tokio::test]
async fn never_used_sorts_as_longest_ago_and_no_expiration_as_last() {
    let t = TestApp::new().await;
    let soon = t.key_with(json!({ "name": "soon", "permissions": "read_only", "expiresAt": "2027-01-01T00:00:00Z" })).await;
    t.key_with(json!({ "name": "later", "permissions": "read_only", "expiresAt": "2028-01-01T00:00:00Z" })).await;
    let never = t.key_with(read_only_key("never")).await;
    for key in [&never, &soon] {
        t.with(key).get("/api/v1/auth/whoami").await.is(200);
        t.advance(Duration::from_secs(1)).await;
    }
    let admin = t.person(Role::Admin).await;
    for (sort, expected) in [
        ("expires", ["soon", "later", "never"]),
        ("-expires", ["never", "later", "soon"]),
        ("-last_used", ["soon", "never", "later"]),
        ("last_used", ["later", "never", "soon"]),
    ] {
        assert_eq!(names(&admin.get(&format!("{LIST}?sort={sort}")).await.is(200)), expected, "{sort}");
    }
}

#[tokio::test]
async fn filters_combine_and_pages_have_25_keys() {
    let t = TestApp::new().await;
    for number in 1..=27 {
        t.key_with(read_only_key(&format!("Key {number:02}"))).await;
    }
    let admin = t.person(Role::Admin).await;
    let first = admin.get("/settings/api-keys?status=active&search=key&sort=name&utm_source=mail").await.is(200);
    assert_eq!((names(&first).len(), first.text.contains("1–25 of 27 keys")), (25, true));
    assert_eq!(link(&first, "All 27"), "/settings/api-keys?search=key&sort=name");
    assert_eq!(link(&first, "Expires"), "/settings/api-keys?status=active&search=key&sort=expires");
    let second = admin.get(&format!("{LIST}{}", link(&first, "Next"))).await.is(200);
    assert_eq!(names(&second), ["Key 26", "Key 27"]);
    assert_eq!(link(&second, "Previous"), "?status=active&search=key&sort=name&page=1");
    let second = second.page();
    let numbered = second.root().select(".pager a[aria-label]");
    let numbered: Vec<_> =
        numbered.iter().map(|page| (page.attribute("aria-label"), page.has_attribute("aria-current"))).collect();
    assert_eq!(numbered, [("Page 1", false), ("Page 2", true)]);
    assert_eq!(names(&admin.get("/settings/api-keys?page=900").await.is(200)).len(), 2);
}

/// The labels of the bars with requests, and their heights.
fn bars(page: &Response, key: &str) -> Vec<(String, String)> {
    let page = page.page();
    let bars = page.row(key).select("svg.bars g");
    let drawn = bars.iter().filter_map(|bar| {
        let part = bar.select("rect.allowed, rect.denied").first()?.attribute("height").to_owned();
        Some((bar.first("title").text(), part))
    });
    drawn.collect()
}

#[tokio::test]
async fn charts_have_one_scale_with_numbers_beside_them() {
    let t = TestApp::new().await;
    let (busy, quiet) = (t.named_key("Busy").await, t.named_key("Quiet").await);
    for _ in 0..28 {
        t.with(&busy).get("/api/v1/ops/trips").await.is(200);
    }
    t.with(&quiet).get("/api/v1/ops/trips").await.is(200);
    t.with(&quiet).get("/api/v1/api-keys").await.is(403);
    t.flush().await;
    let page = t.person(Role::Admin).await.get(LIST).await.is(200).says("the tallest bar is 28 requests in a day");
    assert_eq!(bars(&page, "Busy"), [("23 Nov 2026: 28 allowed, 0 denied".to_owned(), "28".to_owned())]);
    assert_eq!(bars(&page, "Quiet"), [("23 Nov 2026: 1 allowed, 1 denied".to_owned(), "1".to_owned())]);
    let counts = ["Busy", "Quiet"].map(|key| page.page().row(key).first(".count").text());
    assert_eq!(counts, ["28", "21 denied"]);
}

#[tokio::test]
async fn days_of_the_chart_begin_at_midnight_in_the_workspace() {
    let t = TestApp::new().await;
    let key = t.named_key("Late").await;
    // 23:30 UTC on the 23rd is half past midnight on the 24th in Zurich.
    t.advance(Duration::from_hours(14)).await;
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
    t.flush().await;
    let page = t.person(Role::Admin).await.get(LIST).await.is(200);
    assert_eq!(bars(&page, "Late"), [("24 Nov 2026: 1 allowed, 0 denied".to_owned(), "28".to_owned())]);
}

#[tokio::test]
async fn long_texts_are_whole_in_titles_and_hints_can_be_copied() {
    let t = TestApp::new().await;
    let (name, about) = ("W".repeat(100), "Reads trips. ".repeat(30).trim().to_owned());
    let key = t.key_with(json!({ "name": name, "permissions": "read_only", "expiresAt": null, "description": about })).await;
    let page = t.person(Role::Admin).await.get(LIST).await.is(200).page();
    let row = page.row(&name);
    assert_eq!(row.first("a.name").attribute("title"), format!("{name} – {about}"));
    let copy = row.first("button[data-copy]");
    assert_eq!(copy.attribute("data-copy"), format!("{}-hint", key.id));
    assert!(copy.attribute("aria-label").starts_with("Copy hint pck_") && copy.has_attribute("hidden"));
}

#[tokio::test]
async fn revocation_notice_requires_a_revoked_key() {
    let t = TestApp::new().await;
    let (gone, runs) = (t.key_with(read_only_key("Gone")).await, t.key_with(read_only_key("Runs")).await);
    t.revoke(&gone).await;
    let admin = t.person(Role::Admin).await;
    let shown = admin.get(&format!("{LIST}?revoked={}", gone.id)).await.is(200);
    shown
        .says("<strong>Gone</strong> was revoked. All requests with this key have been refused since")
        .says("23 Nov 2026, 10:30:00 CET");
    for id in [runs.id.as_str(), "key_nonsense", "Gone"] {
        admin.get(&format!("{LIST}?revoked={id}")).await.is(200).does_not_say("was revoked");
    }
}

#[tokio::test]
async fn non_administrator_sees_whom_to_ask() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    pilot.get(LIST).await.is(403).says("Whom to ask").says("Ana Keller").says("ana@skyline.example");
    let csrf = pilot.get("/account").await.hidden("/sign-out").remove(0).1;
    pilot.post(SEARCH, &[("csrf", &csrf), ("search", "x")]).await.is(403);
    t.person(Role::Admin).await.get(MANAGEMENT).await.is(403).says("the account owner").says("Ana Keller");
}

#[tokio::test]
async fn account_owner_switches_key_management_off_and_on() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Scheduler")).await;
    let (owner, admin) = (t.person(Role::AccountOwner).await, t.person(Role::Admin).await);
    admin.get(LIST).await.is(200).shows("button", "New API Key").does_not_say(MANAGEMENT);
    owner.get(LIST).await.is(200).says(MANAGEMENT);

    owner.get(MANAGEMENT).await.is(200).says("Existing keys keep working").shows("button", "Switch off");
    owner.submit(MANAGEMENT, MANAGEMENT, &[]).await.redirects_to("/settings/api-keys?switched=1");
    t.audit_ends_with(&["settings.api_keys.updated"]).await;
    let off = admin.get(LIST).await.is(200).says("API key management is off.").says("ask an account owner: Ana Keller.");
    off.does_not_say("New API Key").lacks("button", "Rotate").shows("button", "Revoke");
    owner.get(LIST).await.is(200).says("API key management is off.").does_not_say("New API Key").says("Switch on…");

    owner.submit(MANAGEMENT, MANAGEMENT, &[]).await.redirects_to("/settings/api-keys?switched=1");
    owner.get("/settings/api-keys?switched=1").await.is(200).says("API key management is on.");
    admin.get(LIST).await.is(200).shows("button", "New API Key").shows("button", "Rotate").does_not_say("management is on");
}
