//! Rotation, step by step.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::KEYS;

use crate::browser::Person;
use crate::support::{PASSWORD, Response, TestApp, TestKey};

const MINUTE: Duration = Duration::from_mins(1);
const OLD: &str = "198.51.100.7";

fn rotate(key: &TestKey) -> String {
    format!("/settings/api-keys/{}/rotate", key.id)
}

async fn expiring_key(t: &TestApp, name: &str) -> TestKey {
    t.key_with(json!({ "name": name, "permissions": "read_only", "expiresAt": "2026-12-23T09:30:00Z" })).await
}

/// The replacement that the page makes if nothing is changed in its form.
async fn replace(ana: &Person, old: &TestKey) -> TestKey {
    let page = rotate(old);
    let fields = [("name", "Replacement"), ("expiration", "same")];
    let mut shown = ana.submit(&page, &page, &fields).await;
    if shown.status == 403 {
        shown = ana.confirm(&shown, &page, PASSWORD).await;
    }
    let shown = shown.is(201).says("id=\"secret\"");
    let path = ana.get(&page).await.is(200).page().link("Replacement");
    let id = path.rsplit('/').next().expect("an id").to_owned();
    TestKey { id, secret: shown.page().root().first("#secret").text() }
}

async fn use_(t: &TestApp, key: &TestKey, address: &str, times: u32) {
    for _ in 0..times {
        t.with(key).from(address).get("/api/v1/auth/check?scope=trips:read").await.is(200);
    }
    t.flush().await;
}

/// The number of the step that is to be taken now.
fn step(page: &Response) -> usize {
    let steps = page.page();
    let steps = steps.root().select("ol.steps > li");
    steps.iter().position(|step| step.has_attribute("aria-current")).expect("a current step") + 1
}

#[tokio::test]
async fn first_step_creates_a_key_like_the_old_one() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    let page = rotate(&old);
    let opened =
        ana.get(&page).await.is(200).keeps("name", "Scheduler (2026-11-23)").says("30 days from today, until 23 Dec 2026");
    assert_eq!(step(&opened), 1);
    insta::assert_snapshot!(opened.main());
    let fields = [("name", "Scheduler (2026-11-23)"), ("expiration", "same")];
    let shown = ana.submit(&page, &page, &fields).await.is(201);
    assert_eq!(shown.header("cache-control"), "no-store");
    let shown = shown.says(&format!("data-secret=\"{page}\""));
    assert!(!ana.get(&page).await.is(200).text.contains("pck_\""), "{}", shown.text);
    let made = t.admin().await.get(&format!("{KEYS}?search=2026-11-23")).await.is(200);
    let made = made.at("/data/items/0");
    assert_eq!((&made["rotatedFrom"], &made["expiresAt"]), (&json!(old.id), &json!("2026-12-23T09:30:00Z")));
}

#[tokio::test]
async fn replacement_has_the_chosen_expiry() {
    let t = TestApp::new().await;
    let (old, ana, admin) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await, t.admin().await);
    let page = rotate(&old);
    let chosen: [(&str, &str, Value); 4] = [
        ("90", "", json!("2027-02-21T22:59:59Z")),
        ("custom", "2027-07-01", json!("2027-07-01T21:59:59Z")),
        ("never", "", json!(null)),
        ("same", "ignored", json!("2026-12-23T09:30:00Z")),
    ];
    for (expiration, date, expected) in chosen {
        let name = format!("Until {expiration}");
        let fields = [("name", name.as_str()), ("expiration", expiration), ("date", date)];
        ana.submit(&page, &page, &fields).await.is(201);
        let made = admin.get(&format!("{KEYS}?search={}", name.replace(' ', "%20"))).await.is(200);
        assert_eq!(made.at("/data/items/0/expiresAt"), &expected, "{expiration}");
    }
}

#[tokio::test]
async fn invalid_input_is_reported_per_field_and_kept() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    let page = rotate(&old);
    for (status, name, expiration, date, shown) in [
        (400, "", "same", "", "id=\"name-fault\""),
        (400, old.secret.as_str(), "same", "", "id=\"name-fault\""),
        (400, "Kept", "", "", "id=\"expiration-fault\""),
        (400, "Kept", "custom", "", "id=\"date-fault\""),
        (400, "Kept", "custom", "2026-11-01", "1 Nov 2026 is in the past"),
        (409, "Scheduler", "never", "", "already called"),
    ] {
        let fields = [("name", name), ("expiration", expiration), ("date", date)];
        let again = ana.submit(&page, &page, &fields).await.is(status).says(shown);
        if name == "Kept" {
            again.keeps("name", "Kept");
        }
    }
    assert_eq!(t.admin().await.get(KEYS).await.at("/data/total"), 1);
}

#[tokio::test]
async fn resubmitted_form_creates_no_second_key() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    let page = rotate(&old);
    let hidden = ana.get(&page).await.hidden(&page);
    let fields = [("name", "Replacement"), ("expiration", "same")];
    let all: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields).collect();
    ana.post(&page, &all).await.is(201);
    let made = t.admin().await.get(&format!("{KEYS}?search=Replacement")).await.is(200);
    let id = made.text_at("/data/items/0/id");
    ana.post(&page, &all).await.redirects_to(&format!("/settings/api-keys/{id}?already=shown"));
    assert_eq!(t.admin().await.get(KEYS).await.at("/data/total"), 2);
}

#[tokio::test]
async fn unused_replacement_is_not_safe_yet() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    use_(&t, &old, OLD, 3).await;
    t.advance(2 * MINUTE).await;
    let new = replace(&ana, &old).await;
    t.with(&new).get("/api/v1/auth/check?scope=audit:read").await.is(403);
    t.flush().await;
    let page = ana.get(&rotate(&old)).await.is(200);
    assert_eq!(step(&page), 2);
    insta::assert_snapshot!(page.main());
    let page = page.says("<strong>Not yet.</strong>").says("3 requests in the last 24 hours").says("Never used; 0 requests");
    page.says("2 minutes ago</time> from <span class=\"mono\">198.51.100.7").shows("link", "1 denied");
}

#[tokio::test]
async fn old_key_in_use_asks_to_wait() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    use_(&t, &old, "203.0.113.200", 1).await;
    t.advance(60 * MINUTE).await;
    let new = replace(&ana, &old).await;
    use_(&t, &new, "203.0.113.9", 2).await;
    t.advance(MINUTE).await;
    use_(&t, &old, OLD, 4).await;
    t.advance(MINUTE).await;
    let page = ana.get(&rotate(&old)).await.is(200);
    assert_eq!(step(&page), 3);
    insta::assert_snapshot!(page.main());
    let waiting = page.page().notice("Wait.").text_of("listitem");
    assert!(matches!(&waiting[..], [only] if only.starts_with(OLD)), "only users of the old key since: {waiting:?}");
}

#[tokio::test]
async fn quiet_old_key_is_probably_safe_and_missing_client_ips_are_listed() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    use_(&t, &old, "203.0.113.200", 1).await;
    t.advance(60 * MINUTE).await;
    use_(&t, &old, OLD, 1).await;
    t.advance(MINUTE).await;
    let new = replace(&ana, &old).await;
    use_(&t, &new, OLD, 2).await;
    let page = ana.get(&rotate(&old)).await.is(200).says("<strong>Probably safe.</strong>").says("That was recently.");
    assert_eq!(step(&page), 4);
    insta::assert_snapshot!(page.main());
    let missing = page.page().notice("have not used the new key yet").text_of("listitem");
    assert!(matches!(&missing[..], [only] if only.starts_with("203.0.113.200")), "{missing:?}");
    // Used once more, it is waited for; and an hour later it is not.
    t.advance(MINUTE).await;
    use_(&t, &old, OLD, 1).await;
    ana.get(&rotate(&old)).await.is(200).says("<strong>Wait.</strong>");
    t.advance(60 * MINUTE).await;
    ana.get(&rotate(&old)).await.is(200).says("<strong>Probably safe.</strong>").does_not_say("That was recently.");
}

#[tokio::test]
async fn new_key_used_from_elsewhere_is_not_safe_yet() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    use_(&t, &old, OLD, 5).await;
    t.advance(7 * MINUTE).await;
    let new = replace(&ana, &old).await;
    use_(&t, &new, "192.0.2.50", 1).await;
    let page = ana.get(&rotate(&old)).await.is(200).says("<strong>Wait.</strong>").says("has not been seen yet: last");
    assert_eq!(step(&page), 3);
    use_(&t, &new, OLD, 1).await;
    ana.get(&rotate(&old)).await.is(200).says("<strong>Probably safe.</strong>").does_not_say("have not used the new key yet");
    t.advance(60 * MINUTE).await;
    ana.get(&rotate(&old)).await.is(200).says("<strong>Safe.</strong>");
}

#[tokio::test]
async fn inactive_key_links_to_its_successor() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    let new = replace(&ana, &old).await;
    t.admin().await.post(&format!("{KEYS}/{}/revoke", old.id), json!({})).await.is(200);
    let page = ana.get(&rotate(&old)).await.is(200).says("It cannot be rotated").does_not_say("<ol");
    page.says(&format!("href=\"/settings/api-keys/{}\"", new.id));
    let sent = [("name", "Late"), ("expiration", "never")];
    let form = ana.get(&rotate(&new)).await.hidden(&rotate(&new));
    let all: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(sent).collect();
    ana.post(&rotate(&old), &all).await.is(409).says("It cannot be rotated");
}

#[tokio::test]
async fn disabled_key_management_allows_only_started_rotations() {
    let t = TestApp::new().await;
    let (old, untouched) = (expiring_key(&t, "Scheduler").await, expiring_key(&t, "Another").await);
    let ana = t.person(Role::AccountOwner).await;
    replace(&ana, &old).await;
    t.owner().await.put("/api/v1/settings/api-keys", json!({ "enabled": false })).await.is(200);
    ana.get(&rotate(&untouched)).await.is(403).says("API key management is off");
    let page = ana.get(&rotate(&old)).await.is(200).says("<ol class=\"steps\">").does_not_say("name=\"once\"");
    page.says(&format!("action=\"/settings/api-keys/{}/revoke\"", old.id));
}

#[tokio::test]
async fn idempotency_key_of_another_form_is_refused() {
    let t = TestApp::new().await;
    let (one, other) = (expiring_key(&t, "Scheduler").await, expiring_key(&t, "Dashboard").await);
    let ana = t.person(Role::AccountOwner).await;
    let form = ana.get(&rotate(&one)).await.is(200).hidden(&rotate(&one));
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("name", "Successor"), ("expiration", "90")]);
    ana.post(&rotate(&one), &fields).await.is(201);
    ana.post(&rotate(&other), &fields).await.is(422);
    let invited = [("name", "Lea"), ("email", "lea@skyline.example"), ("role", "pilot")];
    let fields: Vec<(&str, &str)> =
        fields.iter().filter(|(name, _)| matches!(*name, "csrf" | "idempotency_key")).copied().chain(invited).collect();
    ana.post("/settings/members/new", &fields).await.is(422);
}

#[tokio::test]
async fn end_is_chosen_with_the_replacement_changed_and_canceled_on_the_page() {
    let t = TestApp::new().await;
    let (old, ana) = (expiring_key(&t, "Scheduler").await, t.person(Role::AccountOwner).await);
    let (page, end) = (rotate(&old), format!("/settings/api-keys/{}/revoke-at", old.id));
    let fields = [("name", "Replacement"), ("expiration", "same"), ("permissions", "same"), ("revoke_old_after", "7d")];
    ana.submit(&page, &page, &fields).await.is(201);
    ana.get(&page).await.is(200).says(">in 7 days</time>").says("unless it was used in the 24 hours before");
    ana.get(&format!("/settings/api-keys/{}", old.id)).await.says("and the server revokes it").says("Change or cancel");
    ana.submit(&page, &end, &[("revoke_old_after", "1d"), ("force", "true")]).await.is(303);
    ana.get(&page).await.says(">in 1 day</time>").says("even if it is still in use.");
    ana.submit(&page, &end, &[("revoke_old_after", "1y")]).await.is(400).says("Choose when the old key is revoked");
    ana.submit(&page, &end, &[("cancel", "true")]).await.is(303);
    ana.get(&page).await.is(200).says("The server does not revoke the old key by itself");
    ana.submit(&page, &end, &[("revoke_old_after", "1h")]).await.is(303);
    use_(&t, &old, OLD, 1).await;
    t.advance(61 * MINUTE).await;
    planeconnection::keys::end_rotations(&t.app.keys).await.expect("a run");
    ana.get(&page).await.is(200).says("The old key was not revoked.");
    ana.get(&format!("/settings/api-keys/{}", old.id)).await.says("This key was not revoked at the end of its rotation.");
}

#[tokio::test]
async fn replacement_can_have_fewer_permissions_on_the_page() {
    let t = TestApp::new().await;
    let body = json!({ "name": "Desk", "permissions": "custom", "scopes": ["trips:write", "fleet:read"], "expiresAt": null });
    let (old, ana) = (t.key_with(body).await, t.person(Role::AccountOwner).await);
    let page = rotate(&old);
    let opened = ana.get(&page).await.is(200).says("Fewer permissions");
    // The menu names every module.
    let main = opened.main().to_string();
    assert!(!main.contains("Invoices") && !main.contains("Read-only"), "{main}");
    let fields = |trips, fleet| {
        [("name", "Desk 2"), ("expiration", "never"), ("permissions", "custom"), ("scope-trips", trips), ("scope-fleet", fleet)]
    };
    ana.submit(&page, &page, &fields("read", "write")).await.is(400).says("The old key does not have fleet:write");
    ana.submit(&page, &page, &fields("none", "none")).await.is(400).says("Choose Read or Write for at least one module");
    ana.submit(&page, &page, &fields("read", "none")).await.is(201);
    ana.get(&page).await.is(200).says("fewer permissions (Trips (read))");
}
