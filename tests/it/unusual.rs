//! Unusual activity of keys: each kind is recorded once a day, with an event, whichever nodes look.

use std::time::Duration;

use kit::clock::{Time, zone};
use planeconnection::audit::{AuditContext, AuditedTx, EventType, TypePattern, payloads_after, set_received};
use planeconnection::keys::{self, UnusualKind, UnusualWatch};
use planeconnection::members::Role;
use planeconnection::scopes::{Module, Scope};
use serde_json::{Value, json};
use testkit::{KEYS, SmtpEncryption, SmtpServer, TRIPS, WHOAMI};

use crate::mail::{send, settings, text};
use crate::support::{TestApp, TestKey};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The address of the key's server.
const HOME: &str = "198.51.100.7";

/// A key with four weeks of use, and a node that watches it. It is Monday, 10:30 in Zurich.
struct Scene {
    t: TestApp,
    key: TestKey,
    watch: UnusualWatch,
}

impl Scene {
    /// A key that read trips from 8 to 18 on workdays, 20 times an hour.
    async fn new() -> Self {
        Box::pin(Self::on(TestApp::new().await)).await
    }

    async fn on(t: TestApp) -> Self {
        let body = json!({
            "name": "Ops sync", "permissions": "custom", "scopes": ["trips:write", "fleet:read"], "expiresAt": null,
            "rateLimit": null,
        });
        let key = t.key_with(body).await;
        let made = t.app.clock.now();
        t.advance(28 * DAY).await;
        let local = zone("Europe/Zurich");
        let is_office = |hour: &Time| {
            let at = hour.in_zone(&local);
            at.weekday().to_monday_zero_offset() < 5 && (8..18).contains(&at.hour())
        };
        let read = Some(Scope::read(Module::Trips));
        let hours: Vec<_> =
            (1..28 * 24).map(|hours| made.hour().after(HOUR * hours)).filter(is_office).map(|hour| (hour, read, 20, 0)).collect();
        let scene = Self { t, key, watch: UnusualWatch::default() };
        scene.import(&hours[..1]).await;
        scene.import(&hours[1..]).await;
        scene
    }

    async fn import(&self, hours: &[(Time, Option<Scope>, i64, i64)]) {
        let (id, last) = (self.key.id.parse().expect("an id"), hours.last().expect("an hour").0.after(MINUTE));
        let tx = self.t.app.db.begin().await.expect("a transaction");
        let home = (last, HOME.parse().expect("an address"));
        keys::import_usage(&tx, self.t.workspace.id, id, hours, home).await.expect("usage");
        tx.commit().await.expect("a commit");
    }

    async fn read(&self, times: usize, address: &str) {
        for _ in 0..times {
            self.t.with(&self.key).from(address).get(TRIPS).await.is(200);
        }
    }

    async fn lack_a_scope(&self, times: usize) {
        for _ in 0..times {
            self.t.with(&self.key).from(HOME).get("/api/v1/ops/invoices").await.is(403);
        }
    }

    async fn look(&self) {
        self.t.flush().await;
        self.watch.run(&self.t.app, &self.t.app.index).await.expect("a run");
    }

    /// The kinds of the recorded events, in order, after a run.
    async fn kinds(&self) -> Vec<String> {
        self.look().await;
        let events = unusual_events(&self.t).await;
        events.iter().map(|event| event["details"]["kind"].as_str().expect("a kind").to_owned()).collect()
    }

    /// Asserts that these kinds were recorded so far, and that another run and another node record nothing.
    async fn recorded(&self, kinds: &[&str]) {
        assert_eq!(self.kinds().await, kinds);
        UnusualWatch::default().run(&self.t.app, &self.t.app.index).await.expect("a run of another node");
        assert_eq!(self.kinds().await, kinds, "again");
    }
}

async fn unusual_events(t: &TestApp) -> Vec<Value> {
    t.audit().await.into_iter().filter(|event| event["action"] == "api_key.unusual").collect()
}

async fn receive_all(t: &TestApp) {
    let tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    let all: TypePattern = "*".parse().expect("a pattern");
    set_received(&tx, &[all].into()).await.expect("a change");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn usual_days_record_nothing() {
    let scene = Scene::new().await;
    for hours in [0, 1, 3, 20, 4, 20] {
        scene.t.advance(HOUR * hours).await;
        scene.read(15, HOME).await;
        scene.recorded(&[]).await;
    }
}

#[tokio::test]
async fn new_network_is_recorded_once_a_day_with_its_payload() {
    let scene = Scene::new().await;
    receive_all(&scene.t).await;
    scene.read(1, "203.0.113.9").await;
    scene.recorded(&["new_network"]).await;
    scene.t.advance(2 * MINUTE).await;
    scene.read(1, "192.0.2.77").await;
    scene.recorded(&["new_network"]).await;

    let event = unusual_events(&scene.t).await.remove(0);
    let details = json!({
        "kind": "new_network", "network": "203.0.113.0/24", "address": "203.0.113.9", "knownNetworks": 1, "daysInUse": 27,
    });
    assert_eq!((&event["details"], &event["ip"]), (&details, &json!("203.0.113.9")));
    assert_eq!([&event["actor"]["type"], &event["target"]["id"]], [&json!("system"), &json!(scene.key.id)]);
    let stored = payloads_after(scene.t.app.db.read(), scene.t.workspace.id, 0, 1_000).await.expect("payloads");
    let unusual = stored.iter().filter(|payload| payload.event_type == EventType::KeyUnusual.as_str());
    let data: Vec<Value> =
        unusual.map(|payload| serde_json::from_str::<Value>(&payload.body).expect("JSON")["data"].take()).collect();
    let of_rule: Vec<_> = data.iter().filter(|data| data.get("kind").is_some()).collect();
    assert_eq!(of_rule.len(), 1, "{data:?}");
    assert_eq!([&of_rule[0]["kind"], &of_rule[0]["api_key_id"]], [&json!("new_network"), &json!(scene.key.id)]);
    let reason = "was used from the network 203.0.113.0/24 for the first time, by 203.0.113.9; in 27 days of use before, it was used from 1 network";
    assert_eq!(of_rule[0]["reason"], reason);
    assert_eq!(data.len(), 3, "and one for each new address, as before: {data:?}");

    scene.t.advance(DAY).await;
    scene.read(1, "100.64.7.7").await;
    scene.recorded(&["new_network", "new_network"]).await;
}

#[tokio::test]
async fn use_after_thirty_quiet_days_is_recorded() {
    let scene = Scene::new().await;
    scene.t.advance(31 * DAY).await;
    scene.read(1, HOME).await;
    scene.recorded(&["dormant"]).await;
    scene.t.advance(DAY).await;
    scene.read(1, HOME).await;
    scene.recorded(&["dormant"]).await;
    assert_eq!(unusual_events(&scene.t).await[0]["details"], json!({ "kind": "dormant", "quietDays": 31 }));
}

#[tokio::test]
async fn spike_is_recorded_and_again_the_next_day() {
    let scene = Scene::new().await;
    scene.read(100, HOME).await;
    scene.recorded(&[]).await;
    scene.read(1, HOME).await;
    scene.recorded(&["spike"]).await;
    let details = unusual_events(&scene.t).await[0]["details"].clone();
    assert_eq!(details, json!({ "kind": "spike", "hour": "2026-12-21T09:00:00Z", "requests": 101, "most": 20 }));
    scene.t.advance(DAY).await;
    scene.read(101, HOME).await;
    scene.recorded(&["spike"]).await;
    let now = scene.t.app.clock.now();
    scene.import(&[(now, Some(Scope::read(Module::Trips)), 500, 0)]).await;
    scene.recorded(&["spike", "spike"]).await;
}

#[tokio::test]
async fn refusals_are_recorded_each_day_and_across_midnight_once() {
    let scene = Scene::new().await;
    scene.read(39, HOME).await;
    scene.lack_a_scope(10).await;
    scene.recorded(&[]).await;
    scene.lack_a_scope(1).await;
    scene.recorded(&["refusals"]).await;
    scene.t.advance(DAY).await;
    scene.lack_a_scope(50).await;
    scene.recorded(&["refusals", "refusals"]).await;

    // To 23:59:50 in Zurich, and ten minutes on.
    scene.t.advance((DAY + HOUR * 13 + MINUTE * 30).saturating_sub(Duration::from_secs(10))).await;
    scene.lack_a_scope(50).await;
    scene.recorded(&["refusals", "refusals", "refusals"]).await;
    scene.t.advance(MINUTE * 10).await;
    scene.recorded(&["refusals", "refusals", "refusals"]).await;
    scene.lack_a_scope(50).await;
    scene.recorded(&["refusals", "refusals", "refusals", "refusals"]).await;
}

#[tokio::test]
async fn first_write_is_recorded() {
    let scene = Scene::new().await;
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-01-01T10:00:00Z" });
    scene.read(1, HOME).await;
    scene.recorded(&[]).await;
    scene.t.with(&scene.key).from(HOME).post(TRIPS, trip.clone()).await.is(201);
    scene.recorded(&["first_write"]).await;
    scene.t.advance(DAY).await;
    scene.t.with(&scene.key).from(HOME).post(TRIPS, trip).await.is(201);
    scene.recorded(&["first_write"]).await;
}

#[tokio::test]
async fn use_at_an_unusual_hour_is_recorded() {
    let scene = Scene::new().await;
    // To 3:30 on Tuesday.
    scene.t.advance(HOUR * 17).await;
    scene.read(1, HOME).await;
    scene.recorded(&["unusual_hour"]).await;
    let details = unusual_events(&scene.t).await[0]["details"].clone();
    let expected = json!({
        "kind": "unusual_hour", "hour": "2026-12-22T02:00:00Z", "weekday": "Tuesday", "hourOfDay": 3, "usedHours": 50,
    });
    assert_eq!(details, expected);
    scene.t.advance(HOUR).await;
    scene.read(1, HOME).await;
    scene.recorded(&["unusual_hour"]).await;
    scene.t.advance(DAY).await;
    scene.read(1, HOME).await;
    scene.recorded(&["unusual_hour", "unusual_hour"]).await;
}

#[tokio::test]
async fn two_places_at_once_are_recorded() {
    let scene = Scene::new().await;
    scene.read(1, HOME).await;
    scene.t.advance(Duration::from_secs(12)).await;
    scene.read(1, "203.0.113.9").await;
    let mut kinds = scene.kinds().await;
    kinds.sort();
    assert_eq!(kinds, ["new_network", "two_places"]);
    scene.read(1, HOME).await;
    assert_eq!(scene.kinds().await.len(), 2);
    let events = unusual_events(&scene.t).await;
    let places = events.iter().find(|event| event["details"]["kind"] == "two_places").expect("an event");
    assert_eq!(places["details"]["networks"], json!(["198.51.100.0/24", "203.0.113.0/24"]));
    assert_eq!(places["details"]["seconds"], 12);
}

#[tokio::test]
async fn two_places_are_seen_when_the_second_use_comes_later_in_the_hour() {
    let scene = Scene::new().await;
    scene.read(1, "203.0.113.9").await;
    scene.recorded(&["new_network"]).await;
    scene.t.advance(MINUTE * 20).await;
    scene.read(1, "203.0.113.9").await;
    scene.look().await;
    scene.t.advance(Duration::from_secs(30)).await;
    scene.read(1, HOME).await;
    scene.recorded(&["new_network", "two_places"]).await;
}

#[tokio::test]
async fn secret_in_a_url_is_recorded_at_once_and_one_that_is_revoked_is_not() {
    let scene = Scene::new().await;
    let leak = async || {
        scene.t.anonymous().get(&format!("{WHOAMI}?api_key={}", scene.key.secret)).await.is(400);
        scene.t.flush().await;
        let events = unusual_events(&scene.t).await;
        events.iter().filter(|event| event["details"]["kind"] == "leak").count()
    };
    assert_eq!(leak().await, 1);
    scene.t.advance(MINUTE * 2).await;
    assert_eq!(leak().await, 1);
    scene.t.advance(DAY).await;
    assert_eq!(leak().await, 2);
    scene.t.advance(DAY).await;
    scene.t.owner().await.post(&format!("{KEYS}/{}/revoke", scene.key.id), json!({})).await.is(200);
    assert_eq!(leak().await, 2);
    assert_eq!(unusual_events(&scene.t).await[0]["details"], json!({ "kind": "leak", "source": "url", "count": 1 }));
}

#[tokio::test]
async fn refused_requests_with_a_revoked_key_are_not_unusual() {
    let scene = Scene::new().await;
    scene.t.owner().await.post(&format!("{KEYS}/{}/revoke", scene.key.id), json!({})).await.is(200);
    for _ in 0..60 {
        scene.t.with(&scene.key).from(HOME).get(TRIPS).await.is(401);
    }
    scene.recorded(&[]).await;
}

#[tokio::test]
async fn nodes_that_look_at_once_record_one_event() {
    let scene = Scene::new().await;
    scene.read(1, "203.0.113.9").await;
    scene.lack_a_scope(60).await;
    scene.t.flush().await;
    let nodes = [UnusualWatch::default(), UnusualWatch::default()];
    let (app, index) = (&scene.t.app, &scene.t.app.index);
    let (one, two) = tokio::join!(nodes[0].run(app, index), nodes[1].run(app, index));
    one.and(two).expect("two runs");
    scene.recorded(&["refusals", "new_network"]).await;
    assert_eq!(scene.t.number("SELECT COUNT(*) FROM api_key_unusual").await, 2);
}

#[tokio::test]
async fn what_could_not_be_recorded_is_left_to_the_next_run() {
    let scene = Scene::new().await;
    scene.read(1, "203.0.113.9").await;
    scene.lack_a_scope(60).await;
    scene.t.flush().await;
    scene.t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    scene.watch.run(&scene.t.app, &scene.t.app.index).await.expect_err("no commit");
    scene.t.database.accept_writes("audit_heads").await;
    assert_eq!(scene.t.number("SELECT COUNT(*) FROM api_key_unusual").await, 0);
    scene.recorded(&["refusals", "new_network"]).await;
}

#[tokio::test]
async fn end_of_an_hour_is_judged_by_the_first_run_of_the_next() {
    let scene = Scene::new().await;
    scene.read(20, HOME).await;
    scene.recorded(&[]).await;
    scene.lack_a_scope(40).await;
    scene.t.flush().await;
    scene.t.advance(MINUTE * 31).await;
    scene.recorded(&["refusals"]).await;
}

#[tokio::test]
async fn end_of_an_hour_that_could_not_be_recorded_is_left_to_the_next_run() {
    let scene = Scene::new().await;
    scene.read(20, HOME).await;
    scene.recorded(&[]).await;
    scene.lack_a_scope(40).await;
    scene.t.flush().await;
    scene.t.advance(MINUTE * 31).await;
    scene.t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    scene.watch.run(&scene.t.app, &scene.t.app.index).await.expect_err("no commit");
    scene.t.database.accept_writes("audit_heads").await;
    scene.recorded(&["refusals"]).await;
}

#[tokio::test]
async fn workspace_that_cannot_be_read_does_not_hold_up_the_others() {
    let scene = Scene::new().await;
    let (workspace, other) = scene.t.other_workspace().await;
    let key = other.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let (id, now) = (key.text_at("/data/apiKey/id").parse().expect("an id"), scene.t.app.clock.now());
    // Neither engine can return their sum.
    let hours = [Module::Trips, Module::Fleet].map(|module| (now, Some(Scope::read(module)), i64::MAX, 0));
    let tx = scene.t.app.db.begin().await.expect("a transaction");
    keys::import_usage(&tx, workspace.id, id, &hours, (now, HOME.parse().expect("an address"))).await.expect("usage");
    tx.commit().await.expect("a commit");
    scene.lack_a_scope(60).await;
    scene.t.flush().await;
    scene.watch.run(&scene.t.app, &scene.t.app.index).await.expect_err("the other workspace");
    let events = unusual_events(&scene.t).await;
    assert_eq!(events.iter().map(|event| event["details"]["kind"].clone()).collect::<Vec<_>>(), ["refusals"]);
}

#[tokio::test]
async fn addresses_of_earlier_versions_are_networks_as_well() {
    let scene = Scene::new().await;
    scene.t.tamper("UPDATE api_key_addresses SET ip = '2001:db8:7:1:ffff::9'").await;
    scene.read(1, "2001:db8:7:2::1").await;
    scene.recorded(&[]).await;
    scene.t.advance(2 * MINUTE).await;
    scene.read(1, "2001:db8:8:2::1").await;
    scene.recorded(&["new_network"]).await;
}

#[tokio::test]
async fn records_are_listed_and_deleted_after_ninety_days() {
    let scene = Scene::new().await;
    let before = scene.t.app.clock.now();
    scene.read(1, "203.0.113.9").await;
    scene.look().await;
    let since = async |time| {
        let found = keys::unusual_since(scene.t.app.db.read(), scene.t.workspace.id, None, time, 10).await.expect("records");
        found.iter().map(|record| record.unusual.kind()).collect::<Vec<_>>()
    };
    assert_eq!(since(before).await, [UnusualKind::NewNetwork]);
    assert_eq!(since(before.after(HOUR)).await, []);
    let (other, _) = scene.t.other_workspace().await;
    let elsewhere = keys::unusual_since(scene.t.app.db.read(), other.id, None, before, 10).await.expect("records");
    assert_eq!(elsewhere, []);
    scene.t.advance(91 * DAY).await;
    scene.look().await;
    assert_eq!(scene.t.number("SELECT COUNT(*) FROM api_key_unusual").await, 0);
}

#[tokio::test]
async fn audit_log_explains_unusual_activity_and_marks_it() {
    let scene = Scene::new().await;
    scene.t.advance(HOUR * 17).await;
    scene.read(1, HOME).await;
    scene.look().await;
    let page = scene.t.person(Role::AccountOwner).await.get("/settings/audit-log?unusual=1").await.is(200);
    page.says("was used on a Tuesday between 3:00 and 4:00").says("used at an unusual hour");
}

#[tokio::test]
async fn finding_lasts_seven_days_or_until_it_is_dismissed_and_a_later_activity_is_another() {
    let scene = Scene::new().await;
    let findings = async || {
        let found = scene.t.owner().await.get("/api/v1/findings?code=unusual").await.is(200);
        found.at("/data/items").as_array().cloned().unwrap_or_default()
    };
    scene.lack_a_scope(60).await;
    scene.look().await;
    let found = findings().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!([&found[0]["apiKeyId"], &found[0]["severity"]], [&json!(scene.key.id), &json!("warning")]);
    assert_eq!(found[0]["message"], "Ops sync had 60 of 60 requests in an hour refused, which is 100 %.");
    assert_eq!(found[0]["remedy"]["href"], format!("/settings/api-keys/{}#unusual", scene.key.id));
    let dismiss = format!("/api/v1/findings/{}/dismiss", found[0]["id"].as_str().expect("an id"));
    scene.t.owner().await.post(&dismiss, json!({ "reason": "A test of the vendor" })).await.is(200);
    assert_eq!(findings().await.len(), 0);

    scene.t.advance(DAY).await;
    scene.lack_a_scope(60).await;
    scene.look().await;
    assert_eq!(findings().await.len(), 1, "later than the dismissal");
    scene.t.advance((7 * DAY).saturating_sub(MINUTE)).await;
    assert_eq!(findings().await.len(), 1);
    scene.t.advance(MINUTE * 2).await;
    assert_eq!(findings().await.len(), 0);
}

#[tokio::test]
async fn administrators_get_one_email_about_what_a_run_has_noticed() {
    let server = SmtpServer::start(SmtpEncryption::None);
    let scene = Box::pin(Scene::on(TestApp::with_config(settings(&server)).await)).await;
    for role in [Role::Auditor, Role::Pilot] {
        scene.t.add_member(role).await;
    }
    scene.read(101, HOME).await;
    scene.lack_a_scope(50).await;
    scene.recorded(&["spike", "refusals"]).await;
    send(&scene.t).await;
    let [mail] = server.received().try_into().expect("one email");
    assert_eq!(mail.to, ["ana@skyline.example"]);
    let words = text(&mail);
    for expected in [
        "this activity of API keys of Skyline Aviation is unusual. It was noticed on 21 Dec 2026, 10:30:00 CET.",
        "Ops sync\nKey: pck_",
        "Activity: It had 151 requests in an hour",
        "Activity: It had 50 of 151 requests in an hour refused, which is 33 %.",
        &format!("/settings/api-keys/{}#unusual", scene.key.id),
        "at most 20 of these emails in 24 hours",
    ] {
        assert!(words.contains(expected), "no {expected:?} in {words}");
    }
    assert!(!words.contains(&scene.key.secret), "{words}");
}

#[tokio::test]
async fn emails_about_unusual_activity_are_limited_to_twenty_a_day() {
    let server = SmtpServer::start(SmtpEncryption::None);
    let t = TestApp::with_config(settings(&server)).await;
    for number in 0..21 {
        let key = t.named_key(&format!("Key {number}")).await;
        t.anonymous().get(&format!("{WHOAMI}?api_key={}", key.secret)).await.is(400).code("CREDENTIAL_IN_URL");
        t.flush().await;
    }
    send(&t).await;
    let sent = server.received();
    assert_eq!((sent.len(), unusual_events(&t).await.len()), (20, 21));
    let words = sent.iter().map(text).find(|words| words.contains("“Key 0”")).expect("an email");
    assert!(words.contains("this activity of the API key “Key 0” of Skyline Aviation is unusual"), "{words}");
    assert!(words.contains("Activity: It was sent in a URL, where proxies and histories keep its secret."), "{words}");
}
