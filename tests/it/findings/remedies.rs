//! The remedy of each finding, as an administrator takes it in a browser.

use std::collections::BTreeSet;
use std::time::Duration;

use planeconnection::findings::Code;
use planeconnection::keys::end_rotations;
use planeconnection::members::{Member, Role};
use serde_json::{Value, json};
use testkit::{AIRCRAFT, KEYS, MEMBERS, TRIPS, WHOAMI};

use super::{DAY, found, revoke};
use crate::browser::Person;
use crate::support::{TestApp, TestKey};
use crate::webhooks::webhook;

async fn key(t: &TestApp, name: &str, scopes: &[&str], days: u32) -> TestKey {
    let expiry = t.app.clock.now().after(DAY * days);
    t.key_with(json!({ "name": name, "permissions": "custom", "scopes": scopes, "expiresAt": expiry })).await
}

async fn use_(t: &TestApp, key: &TestKey, path: &str) {
    t.with(key).from("203.0.113.7").get(path).await.is(200);
    t.flush().await;
}

/// Causes one finding of each code, and returns an administrator who is no owner.
async fn cause_all(t: &TestApp) -> Member {
    let old = key(t, "Old", &["trips:read"], 300).await;
    t.advance(DAY * 40).await;
    let excess = key(t, "Excess", &["trips:read", "fleet:read"], 300).await;
    let expiring = key(t, "Expiring", &["trips:read"], 70).await;
    t.advance(DAY * 50).await;
    key(t, "Unused", &["trips:read"], 300).await;
    let blocked = key(t, "Blocked", &["trips:read"], 300).await;
    t.advance(DAY * 5).await;
    t.owner().await.post(&format!("{KEYS}/{}/rotate", blocked.id), json!({ "revokeOldAfter": "2d" })).await.is(201);
    t.advance(DAY + Duration::from_secs(1)).await;
    use_(t, &blocked, TRIPS).await;
    t.advance(DAY.saturating_sub(Duration::from_secs(1))).await;
    end_rotations(&t.app.keys).await.expect("a run");
    t.advance(DAY * 3).await;
    use_(t, &old, TRIPS).await;
    use_(t, &excess, AIRCRAFT).await;
    use_(t, &key(t, "Everywhere", &["trips:write"], 300).await, TRIPS).await;
    use_(t, &expiring, TRIPS).await;
    let endless = t.key_with(json!({ "name": "Endless", "permissions": "read_only", "expiresAt": null })).await;
    t.anonymous().get(&format!("{WHOAMI}?api_key={}", endless.secret)).await.is(400);
    let gone = key(t, "Gone", &["trips:read"], 300).await;
    revoke(t, &gone).await;
    t.with(&gone).get(TRIPS).await.is(401);
    orphan(t).await;
    let owner = t.owner().await;
    webhook(&owner, &["*"]).await;
    let failing = "failed_attempts = 5, failing_since = '2026-11-23 08:00:00+00:00'";
    t.tamper(&format!("UPDATE webhook_endpoints SET {failing}")).await;
    webhook(&owner, &["*"]).await;
    let disabled = "disabled_at = '2026-11-23 09:00:00+00:00', disabled_reason = 'no success for 5 days'";
    t.tamper(&format!("UPDATE webhook_endpoints SET {failing}, {disabled} WHERE failing_since IS NULL")).await;
    t.tamper(
        "INSERT INTO security_settings (workspace_id, two_factor_policy, grace_days, passkeys_allowed, idle_minutes, \
         absolute_minutes, minimum_password_length) SELECT id, 'recommended', 0, true, 720, 10080, 15 FROM workspaces",
    )
    .await;
    t.tamper("UPDATE audit_events SET actor_name = 'Nobody' WHERE sequence = 2").await;
    t.app.clock.advance(Duration::from_mins(1));
    t.add_member(Role::Admin).await
}

async fn orphan(t: &TestApp) {
    let leaver = t.add_member(Role::Admin).await;
    let expiry = t.app.clock.now().after(DAY * 300);
    let body = json!({ "name": "Orphaned", "permissions": "read_only", "expiresAt": expiry, "custodianId": leaver.id });
    t.key_with(body).await;
    t.owner().await.delete(&format!("{MEMBERS}/{}", leaver.id)).await.is(200);
}

/// The findings that need attention.
async fn urgent(t: &TestApp) -> Vec<Value> {
    found(t, "").await.into_iter().filter(|finding| finding["severity"] != "info").collect()
}

fn text<'a>(finding: &'a Value, pointer: &str) -> &'a str {
    finding.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {finding}"))
}

/// Follows the button of a finding, and takes the remedy there; dismisses a finding that nothing else clears.
async fn clear(ana: &Person, finding: &Value, admin: &Member, owner: &Member) {
    let href = text(finding, "/remedy/href").split('#').next().unwrap_or_default();
    let (page, opened) = (href.split('?').next().unwrap_or_default(), ana.get(href).await.is(200));
    let value = |field: &str| opened.page().field(field).value();
    match text(finding, "/code") {
        "key_excess" => {
            let (name, expiration) = (value("name"), value("expiration"));
            let (permissions, trips, fleet) = (value("permissions"), value("scope-trips"), value("scope-fleet"));
            assert_eq!([&*permissions, &*trips, &*fleet], ["custom", "none", "read"]);
            let scopes = [("permissions", &*permissions), ("scope-trips", &*trips), ("scope-fleet", &*fleet)];
            ana.submit(href, page, &[&[("name", &*name), ("expiration", &*expiration)], &scopes[..]].concat()).await.is(201);
        }
        code @ ("key_expiring" | "key_old" | "key_no_expiry") => {
            let (name, expiration) = (value("name"), value("expiration"));
            assert_eq!(expiration == "90", code == "key_no_expiry", "{code} proposes {expiration}");
            ana.submit(href, page, &[("name", &name), ("expiration", &expiration)]).await.is(201);
        }
        "key_everywhere" => {
            let (name, addresses) = (value("name"), value("addresses"));
            let (requests, seconds) = (value("requests"), value("seconds"));
            let limit = [("requests", &*requests), ("seconds", &*seconds)];
            ana.submit(href, page, &[&[("name", &*name), ("addresses", &*addresses)], &limit[..]].concat()).await.is(303);
        }
        "key_orphaned" => {
            let (name, custodian) = (value("name"), owner.id.to_string());
            let (requests, seconds) = (value("requests"), value("seconds"));
            let limit = [("requests", &*requests), ("seconds", &*seconds)];
            ana.submit(href, page, &[&[("name", &*name), ("custodian", &*custodian)], &limit[..]].concat()).await.is(303);
        }
        "key_unused" => {
            ana.submit(href, page, &[("length", "resumed")]).await.is(303);
        }
        "rotation_blocked" => {
            let revoke = page.replace("/rotate", "/revoke");
            opened.says(&format!("action=\"{revoke}\""));
            ana.submit(&revoke, &revoke, &[]).await.is(303);
        }
        "webhook_disabled" => {
            let on = format!("{page}/on");
            opened.says(&format!("action=\"{on}\""));
            ana.submit(&on, &on, &[("backlog", "skip")]).await.is(303);
        }
        "webhook_failing" => {
            ana.submit(page, &format!("{page}/off"), &[]).await.is(303);
        }
        "owner_alone" => {
            let member = format!("/settings/members/{}", admin.id);
            opened.says(&member);
            ana.submit(&member, &member, &[("role", "account_owner")]).await.is(303);
        }
        _ => dismiss(ana, finding).await,
    }
}

async fn dismiss(ana: &Person, finding: &Value) {
    let page = format!("/findings/{}/dismiss", text(finding, "/id"));
    ana.get("/findings").await.is(200).says(&page);
    ana.submit(&page, &page, &[("reason", "The owner of the application knows")]).await.is(303);
}

#[tokio::test]
async fn every_finding_is_cleared_by_what_its_page_offers() {
    let t = TestApp::new().await;
    let admin = cause_all(&t).await;
    let ana = t.person(Role::AccountOwner).await;
    let mut cleared = BTreeSet::new();
    let mut left = urgent(&t).await;
    while let Some(finding) = left.first().cloned() {
        clear(&ana, &finding, &admin, &t.owner).await;
        left = urgent(&t).await;
        assert!(left.iter().all(|one| one["id"] != finding["id"]), "it is still there: {finding}");
        assert!(cleared.insert(text(&finding, "/code").to_owned()), "it came again: {finding}");
    }
    let all = Code::ALL.iter().filter(|code| **code != Code::MemberNoSecondFactor).map(|code| code.as_str().to_owned());
    assert_eq!(cleared, all.collect());
    for page in ["/", "/findings"] {
        ana.get(page).await.is(200).says("Nothing needs attention").says("Checked");
    }
    ana.get("/").await.is(200).says("for information");
    let noted = ana.get("/findings").await.is(200).says("For information").says("Its rotation is under way.");
    noted.says("Ana Keller has no second factor, which this workspace recommends.");
}

#[tokio::test]
async fn page_of_a_member_says_how_to_set_up_a_second_factor() {
    let t = TestApp::new().await;
    let (ana, admin) = (t.person(Role::AccountOwner).await, t.add_member(Role::Admin).await);
    let own = ana.get(&format!("/settings/members/{}", t.owner.id)).await.is(200);
    assert_eq!(own.page().link("Set up a second factor"), "/account#two-factor");
    ana.get("/account").await.is(200).says("id=\"two-factor\"");
    let other = ana.get(&format!("/settings/members/{}", admin.id)).await.is(200);
    other.says("They can set up one").does_not_say("/account#two-factor");
}
