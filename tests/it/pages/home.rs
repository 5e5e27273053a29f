//! Home, and the menu of each role.

use planeconnection::members::Role;
use serde_json::json;
use testkit::TRIPS;

use crate::support::TestApp;

#[tokio::test]
async fn home_shows_what_the_role_may_see() {
    let t = TestApp::new().await;
    let parts = ["Traffic", "Latest events", "Next departures", "Out of service", "Latest safety reports", "Overdue invoices"];
    for (role, seen) in [
        (Role::AccountOwner, [true; 6]),
        (Role::Admin, [true; 6]),
        (Role::Auditor, [false, true, true, true, true, true]),
        (Role::SafetyManager, [false, false, true, true, true, true]),
        (Role::Dispatcher, [false, false, true, true, false, false]),
        (Role::Pilot, [false, false, true, true, false, false]),
    ] {
        let person = t.person(role).await;
        let page = person.get("/").await.is(200);
        for (part, seen) in parts.into_iter().zip(seen) {
            assert_eq!(page.page().root().has("heading", part), seen, "{role} and {part}");
        }
        let files = matches!(role, Role::Auditor);
        assert_eq!(page.page().root().has("link", "File a report"), !files, "{role}");
    }
    t.person(Role::Pilot).await.get("/").await.is(200).shows("heading", "Your safety reports");
}

#[tokio::test]
async fn menu_leads_to_the_data_of_the_role() {
    let t = TestApp::new().await;
    let links = ["Home", "Trips", "Fleet", "Safety", "Invoices"];
    for (role, seen) in [(Role::Admin, [true; 5]), (Role::Auditor, [true; 5]), (Role::Pilot, [true, true, true, true, false])] {
        let page = t.person(role).await.get("/account").await.is(200);
        let menu = page.page();
        let menu = menu.root().first("nav[aria-label=Workspace]");
        for (link, seen) in links.into_iter().zip(seen) {
            assert_eq!(menu.has("link", link), seen, "{role} and {link}");
        }
    }
}

#[tokio::test]
async fn header_has_the_workspace_and_the_person() {
    let t = TestApp::new().await;
    let page = t.person(Role::AccountOwner).await.get("/").await.is(200);
    let (workspace, person) = (page.page(), page.page());
    let workspace = workspace.root().first("#about-workspace").text();
    for text in ["Skyline Aviation", "skyline", "Europe/Zurich"] {
        assert!(workspace.contains(text), "{text} in {workspace}");
    }
    let person = person.root().first("#about-person");
    assert!(
        person.text().contains("Account owner") && person.has("link", "Profile & Security") && person.has("button", "Sign out")
    );
}

#[tokio::test]
async fn traffic_adds_up_the_requests_of_all_keys() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    admin.get("/").await.is(200).says("No requests with API keys in the last 24 hours.");
    let (reader, other) = (t.key(&["trips:read"]).await, t.key(&["fleet:read"]).await);
    for _ in 0..3 {
        t.with(&reader).get(TRIPS).await.is(200);
    }
    t.with(&other).get(TRIPS).await.is(403);
    t.flush().await;
    for range in ["", "?range=24h", "?range=7d", "?range=30d", "?range=forever"] {
        let page = admin.get(&format!("/{range}")).await.is(200).says("3 requests allowed and 1 denied");
        let rows: Vec<_> = page.page().rows().iter().map(|row| row.text()).collect();
        assert!(rows[0].contains('3') && rows[1].contains('1'), "{range}: {rows:?}");
    }
}

#[tokio::test]
async fn unusual_events_come_first() {
    let t = TestApp::new().await;
    t.key(&["trips:read"]).await;
    let never = json!({ "name": "Forever", "permissions": "read_only", "expiresAt": null });
    t.admin().await.post("/api/v1/api-keys", never).await.is(201);
    t.add_member(Role::Pilot).await;
    let page = t.person(Role::Auditor).await.get("/").await.is(200).says("a key that never expires");
    let first = page.page().root().first(".feed > li").text();
    assert!(first.contains("Unusual"), "{first}");
}

#[tokio::test]
async fn sign_in_leads_home_and_settings_to_the_first_entry() {
    let t = TestApp::new().await;
    t.anonymous_person().get("/").await.redirects_to("/sign-in?next=%2F");
    t.person(Role::Admin).await.get("/settings").await.redirects_to("/settings/api-keys");
    t.person(Role::Auditor).await.get("/settings").await.redirects_to("/settings/audit-log");
    t.person(Role::Pilot).await.get("/settings").await.redirects_to("/account");
}
