//! Settings > Cluster: every node and how it stands, for account owners alone.

use planeconnection::members::Role;

use crate::support::TestApp;

const PAGE: &str = "/settings/cluster";

/// The row of another node that began on that day, and whose lease lasts until then.
async fn other(t: &TestApp, day: u8, name: &str, applied: &str, lease_until: &str) {
    t.tamper(&format!(
        "INSERT INTO nodes (id, started_at, applied_revision, lease_until, address, name, version) VALUES \
         ({}, '2026-11-{day} 08:00:00+00:00', {applied}, '{lease_until}', '10.0.0.7:8080', '{name}', '')",
        t.database.id()
    ))
    .await;
}

#[tokio::test]
async fn each_node_is_told_with_how_it_stands() {
    let t = TestApp::new().await;
    t.key(&["trips:read"]).await;
    t.app.cluster.beat(&t.app).await.expect("a lease");
    let all = "(SELECT value FROM revisions)";
    other(&t, 18, "south", all, "2026-11-23 09:30:01.5+00:00").await;
    other(&t, 19, "east", "1", "2026-11-23 09:30:01+00:00").await;
    other(&t, 20, "<b>west</b>", all, "2026-11-23 09:29:58+00:00").await;
    let page = t.person(Role::AccountOwner).await.get(PAGE).await.is(200);
    insta::assert_snapshot!(page.text.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).expect("the page"));
}

#[tokio::test]
async fn the_menu_shows_it_to_account_owners_alone() {
    let t = TestApp::new().await;
    t.person(Role::AccountOwner).await.get("/settings/account").await.is(200).says(">Cluster</a>");
    for role in [Role::Admin, Role::Auditor, Role::Pilot] {
        let person = t.person(role).await;
        person.get("/settings/account").await.is(200).does_not_say(">Cluster</a>");
        person.get(PAGE).await.is(403).says("Whom to ask");
    }
}
