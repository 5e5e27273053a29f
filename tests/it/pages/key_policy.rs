//! Settings > API Keys > Policy, and the forms that keep to it.

use planeconnection::members::Role;
use serde_json::json;

use crate::support::TestApp;

const PAGE: &str = "/settings/api-keys/policy";
const NEW: &str = "/settings/api-keys/new";
const CHOSEN: [(&str, &str); 4] =
    [("max_lifetime_days", "45"), ("rotate_after_days", "60"), ("require_ip_allowlist_for_write", "true"), ("on_leak", "revoke")];

#[tokio::test]
async fn policy_is_saved_on_its_page_and_shown_again() {
    let t = TestApp::new().await;
    let ana = t.person(Role::Admin).await;
    ana.get("/settings/api-keys").await.is(200).says("Policy");
    let opened = ana.get(PAGE).await.is(200);
    insta::assert_snapshot!(opened.main());
    ana.submit(PAGE, PAGE, &CHOSEN).await.redirects_to("/settings/api-keys/policy?after=saved");
    ana.get("/settings/api-keys/policy?after=saved").await.says("The policy was saved").keeps("max_lifetime_days", "45");
    let saved = t.owner().await.get("/api/v1/settings/api-keys/policy").await.is(200).json["data"].clone();
    let expected = json!({
        "maxLifetimeDays": 45, "allowNoExpiration": false, "requireIpAllowlistForWrite": true, "rotateAfterDays": 60,
        "onLeak": "revoke",
    });
    assert_eq!(saved, expected);
    ana.get("/settings/audit-log").await.says("longest lifetime in days (no limit → 45)");
}

#[tokio::test]
async fn faulty_policy_is_shown_again_with_its_faults() {
    let t = TestApp::new().await;
    let ana = t.person(Role::Admin).await;
    let faulty = [("max_lifetime_days", "9999"), ("rotate_after_days", "7"), ("on_leak", "notify")];
    let again = ana.submit(PAGE, PAGE, &faulty).await.is(400);
    again.says("Enter 1 to 1,825 days").says("Enter 30 to 365 days").keeps("max_lifetime_days", "9999");
}

#[tokio::test]
async fn change_by_somebody_else_meanwhile_is_not_overwritten_unseen() {
    let t = TestApp::new().await;
    let ana = t.person(Role::Admin).await;
    let hidden = ana.get(PAGE).await.hidden(PAGE);
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(CHOSEN);
    let other = json!({
        "maxLifetimeDays": 10, "allowNoExpiration": true, "requireIpAllowlistForWrite": false, "rotateAfterDays": 90,
        "onLeak": "notify",
    });
    t.owner().await.put("/api/v1/settings/api-keys/policy", other).await.is(200);
    ana.post(PAGE, &fields).await.is(409).says("Somebody else changed the policy").keeps("max_lifetime_days", "45");
}

#[tokio::test]
async fn form_of_a_new_key_offers_only_what_the_policy_allows() {
    let t = TestApp::new().await;
    let ana = t.person(Role::Admin).await;
    ana.get(NEW).await.is(200).says("No expiration").says("90 days");
    ana.submit(PAGE, PAGE, &CHOSEN).await.is(303);
    let form = ana.get(NEW).await.is(200).does_not_say("No expiration").does_not_say("90 days").says("45 days");
    let form = form.says("requires them for a key that can write");
    assert!(form.page().root().first("#expiration-45").has_attribute("checked"));
    let key = [("name", "Writer"), ("permissions", "read_write"), ("expiration", "never"), ("requests", "10"), ("seconds", "1")];
    let again = ana.submit(NEW, NEW, &key).await.is(400);
    again.says("requires an expiration").says("requires allowed addresses").keeps("name", "Writer");
    let late = [
        ("name", "Reader"),
        ("permissions", "read_only"),
        ("expiration", "custom"),
        ("date", "2027-06-01"),
        ("requests", "10"),
        ("seconds", "1"),
    ];
    ana.submit(NEW, NEW, &late).await.is(400).says("limits the lifetime of keys").says("7 Jan 2027");
}
