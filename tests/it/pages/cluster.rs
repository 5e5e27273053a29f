//! Settings > Cluster: how many nodes there are and how they stand, for account owners alone, without a name or an address.

use planeconnection::members::Role;

use crate::support::TestApp;

const PAGE: &str = "/settings/cluster";

#[tokio::test]
async fn page_counts_nodes_by_state_without_names() {
    let t = TestApp::new().await;
    t.key(&["trips:read"]).await;
    t.app.cluster.heartbeat().await.expect("a lease");
    let all = "(SELECT value FROM revisions)";
    t.other_node("south", all, "2026-11-23 09:30:01.5+00:00").await;
    t.other_node("east", "0", "2026-11-23 09:30:01+00:00").await;
    t.other_node("west", all, "2026-11-23 09:29:58+00:00").await;
    let page = t.person(Role::AccountOwner).await.get(PAGE).await.is(200);
    insta::assert_snapshot!(page.main());
    for secret in ["south", "10.0.0.7", env!("CARGO_PKG_VERSION")] {
        assert!(!page.main().contains(secret), "{secret}: {}", page.text);
    }
}

#[tokio::test]
async fn menu_shows_cluster_to_account_owners_only() {
    let t = TestApp::new().await;
    t.person(Role::AccountOwner).await.get("/account").await.is(200).shows("link", "Cluster");
    for role in [Role::Admin, Role::Auditor, Role::Pilot] {
        let person = t.person(role).await;
        person.get("/account").await.is(200).lacks("link", "Cluster");
        person.get(PAGE).await.is(403).says("Whom to ask");
    }
}
