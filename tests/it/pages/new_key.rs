//! The form of a new key: what it makes, and when it makes nothing.

mod edit;
mod faults;
mod secret;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::KEYS;

use crate::browser::Person;
use crate::support::{Response, TestApp};

const NEW: &str = "/settings/api-keys/new";

/// The fields of the form as opened, with these changes.
fn typed<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let opened = [
        ("name", "Fleet Dashboard"),
        ("permissions", "read_only"),
        ("scope-trips", "none"),
        ("scope-fleet", "none"),
        ("scope-safety", "none"),
        ("scope-invoices", "none"),
        ("scope-webhooks", "none"),
        ("scope-audit", "none"),
        ("expiration", "90"),
        ("date", ""),
        ("description", ""),
        ("addresses", ""),
        ("requests", "600"),
        ("seconds", "60"),
    ];
    let untouched = opened.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    untouched.chain(changes.iter().copied()).collect()
}

async fn send(person: &Person, changes: &[(&str, &str)]) -> Response {
    person.submit(NEW, NEW, &typed(changes)).await
}

/// The id of the key that this page is about.
fn id_in(page: &Response) -> String {
    let page = page.page();
    let path = page.root().first("[data-secret]").attribute("data-secret");
    path.rsplit('/').next().expect("an id").to_owned()
}

/// A key as the API returns it, without its unique fields.
async fn kept(t: &TestApp, id: &str) -> Value {
    let mut key = t.owner().await.get(&format!("{KEYS}/{id}")).await.is(200).at("/data").clone();
    for own in ["id", "name", "hint"] {
        key.as_object_mut().expect("an object").remove(own);
    }
    key
}

async fn how_many(t: &TestApp) -> Value {
    t.owner().await.get(KEYS).await.is(200).at("/data/total").clone()
}

#[tokio::test]
async fn form_defaults_to_least_privilege_and_90_days() {
    let t = TestApp::new().await;
    let page = t.person(Role::Admin).await.get(NEW).await.is(200);
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn form_creates_the_key_that_the_api_would() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let usual = json!({ "permissions": "read_only", "expiresAt": "2027-02-21T22:59:59Z" });
    let with = |changes: Value| {
        let mut body = usual.clone();
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        body
    };
    let all = ["trips:write", "fleet:read", "safety:write", "invoices:read", "webhooks:write", "audit:read"];
    let forms: [(&[(&str, &str)], Value); 7] = [
        (&[], usual.clone()),
        (&[("permissions", "read_write")], with(json!({ "permissions": "read_write" }))),
        // The table counts for “Specific modules” only.
        (&[("scope-audit", "read")], usual.clone()),
        (
            &[("permissions", "custom"), ("scope-invoices", "write")],
            with(json!({ "permissions": "custom", "scopes": ["invoices:write"] })),
        ),
        (
            &[
                ("permissions", "custom"),
                ("scope-trips", "write"),
                ("scope-fleet", "read"),
                ("scope-safety", "write"),
                ("scope-invoices", "read"),
                ("scope-webhooks", "write"),
                ("scope-audit", "read"),
            ],
            with(json!({ "permissions": "custom", "scopes": all })),
        ),
        (
            &[
                ("description", "  The lobby screen\r\nand the one upstairs "),
                ("addresses", "\r\n 203.0.113.7 \r\n\r\n2001:db8::/32\r\n"),
                ("requests", "5"),
                ("seconds", "1"),
            ],
            with(json!({
                "description": "The lobby screen\nand the one upstairs",
                "ipAllowlist": ["203.0.113.7", "2001:db8::/32"],
                "rateLimit": { "requests": 5, "perSeconds": 1 },
            })),
        ),
        (&[("unlimited", "yes"), ("requests", "")], with(json!({ "rateLimit": null }))),
    ];
    for (place, (changes, mut body)) in forms.into_iter().enumerate() {
        let name = format!("By form {place}");
        let changes: Vec<_> = changes.iter().copied().chain([("name", name.as_str())]).collect();
        let page = send(&ana, &changes).await.is(201);
        body["name"] = json!(format!("By call {place}"));
        let called = t.key_with(body).await;
        assert_eq!(kept(&t, &id_in(&page)).await, kept(&t, &called.id).await, "{changes:?}");
    }
}

#[tokio::test]
async fn expiry_date_uses_the_time_zone_of_the_workspace() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    // It is 2026-11-23, 10:30 in Zurich; on the last of these days clocks there show summer time.
    for (expiration, date, end) in [
        ("30", "", json!("2026-12-23T22:59:59Z")),
        ("60", "", json!("2027-01-22T22:59:59Z")),
        ("90", "2030-01-01", json!("2027-02-21T22:59:59Z")),
        ("custom", "2026-11-23", json!("2026-11-23T22:59:59Z")),
        ("custom", "2031-11-22", json!("2031-11-22T22:59:59Z")),
        ("custom", "2027-07-01", json!("2027-07-01T21:59:59Z")),
        ("never", "2027-07-01", json!(null)),
    ] {
        let name = format!("{expiration} {date}");
        let page = send(&ana, &[("name", &name), ("expiration", expiration), ("date", date)]).await.is(201);
        assert_eq!(kept(&t, &id_in(&page)).await["expiresAt"], end, "{name}");
    }
}

#[tokio::test]
async fn form_is_for_administrators() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    pilot.get(NEW).await.is(403).says("Ana Keller").does_not_say("Create key");
    let token = pilot.get("/account").await.hidden("/sign-out").remove(0).1;
    pilot.post(NEW, &typed(&[("csrf", &token)])).await.is(403);
    t.anonymous_person().get(NEW).await.redirects_to("/sign-in?next=%2Fsettings%2Fapi-keys%2Fnew");
    assert_eq!(how_many(&t).await, json!(0));
}

#[tokio::test]
async fn disabled_key_management_shows_whom_to_ask_or_the_switch() {
    let t = TestApp::new().await;
    let (admin, owner) = (t.person(Role::Admin).await, t.person(Role::AccountOwner).await);
    let opened = admin.get(NEW).await.hidden(NEW);
    t.owner().await.put("/api/v1/settings/api-keys", json!({ "enabled": false })).await.is(200);
    let hidden: Vec<_> = opened.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for page in [admin.get(NEW).await, admin.post(NEW, &typed(&hidden)).await] {
        page.is(403)
            .says("API key management is off")
            .says("ana@skyline.example")
            .does_not_say("Create key")
            .lacks("button", "Switch on");
    }
    owner.get(NEW).await.is(403).does_not_say("Whom to ask").shows("button", "Switch on");
    let switch = "/settings/api-keys/management";
    let hidden = owner.get(NEW).await.hidden(switch);
    let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    owner.post(switch, &hidden).await.redirects_to("/settings/api-keys?switched=1");
    owner.get(NEW).await.is(200).shows("button", "Create key");
    assert_eq!(how_many(&t).await, json!(0));
}
