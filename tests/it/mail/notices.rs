//! Emails about keys that will expire, and the choice of notices.

use std::time::Duration;

use planeconnection::keys;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{SIGN_IN, SmtpEncryption};

use super::{send, start, text};
use crate::browser::Person;
use crate::support::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);
const PATH: &str = "/account/notices";

/// The notices for administrators.
const OF_ADMINISTRATORS: [&str; 6] =
    ["weekly_digest", "key_expiring", "key_leaked", "key_unusual", "webhook_failing", "webhook_disabled"];

async fn key(t: &TestApp) -> String {
    key_until(t, "Fleet & ops", "2026-12-23T09:30:00Z").await
}

async fn key_until(t: &TestApp, name: &str, expires_at: &str) -> String {
    t.key_with(json!({ "name": name, "permissions": "read_only", "expiresAt": expires_at })).await.id
}

async fn announce(t: &TestApp) {
    keys::record_expiring(&t.app).await.expect("a run");
}

/// Saves the form with these boxes checked, and confirms that it is the person.
pub(super) async fn choose(person: &Person, wanted: &[&str]) {
    let fields: Vec<(&str, &str)> = wanted.iter().map(|kind| (*kind, "yes")).collect();
    person.submit("/account", PATH, &fields).await.redirects_to("/account?after=notices");
}

#[tokio::test]
async fn administrators_get_an_email_seven_days_and_one_day_before_a_key_expires() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let admin = t.add_member(Role::Admin).await;
    for role in [Role::Pilot, Role::Auditor, Role::SafetyManager] {
        t.add_member(role).await;
    }
    let id = key(&t).await;
    t.advance(23 * DAY).await;
    let (one, two) = tokio::join!(keys::record_expiring(&t.app), keys::record_expiring(&t.app));
    one.and(two).expect("two runs");
    announce(&t).await;
    send(&t).await;
    let sent = server.received();
    let mut to: Vec<String> = sent.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    let mut expected = [admin.email, t.owner.email.clone()];
    expected.sort();
    assert_eq!(to, expected);
    let words = text(&sent[0]);
    let has = |words: &str, text: &str| assert!(words.contains(text), "no {text} in {words}");
    has(&words, "the API key “Fleet & ops” of Skyline Aviation expires in 7 days.");
    has(&words, &format!("/settings/api-keys/{id}"));
    has(&words, "Expires: 23 Dec 2026, 10:30:00 CET");
    assert!(!words.contains("pck_live_") && !sent[0].data.contains("digest"), "{words}");

    t.advance(6 * DAY).await;
    announce(&t).await;
    announce(&t).await;
    send(&t).await;
    assert_eq!(server.received().len(), 4);
    has(&text(&server.received()[3]), "expires within a day.");
}

#[tokio::test]
async fn keys_that_are_announced_together_are_in_one_email() {
    let (server, t) = start(SmtpEncryption::None).await;
    for number in 1..=23 {
        key_until(&t, &format!("Key {number}"), &format!("2026-12-23T09:30:{number:02}Z")).await;
    }
    t.advance(23 * DAY + Duration::from_mins(1)).await;
    announce(&t).await;
    announce(&t).await;
    send(&t).await;
    let [mail] = server.received().try_into().expect("one email");
    let words = text(&mail);
    for expected in ["23 API keys of Skyline Aviation expire within 7 days.", "\nKey 1\nKey: ", "\nKey 20\n", "And 3 more."] {
        assert!(words.contains(expected), "no {expected:?} in {words}");
    }
    assert!(!words.contains("Key 21"), "{words}");
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'api_key.expiring'").await, 23);
}

#[tokio::test]
async fn keys_that_are_announced_one_after_the_other_have_an_email_each() {
    let (server, t) = start(SmtpEncryption::None).await;
    for number in 0..15 {
        key_until(&t, &format!("Key {number}"), &format!("2026-12-23T09:{:02}:00Z", 30 + number)).await;
    }
    t.advance(23 * DAY).await;
    for _ in 0..15 {
        announce(&t).await;
        t.advance(Duration::from_mins(1)).await;
    }
    send(&t).await;
    assert_eq!(server.received().len(), 15);
}

#[tokio::test]
async fn email_that_the_previous_version_queued_is_sent() {
    let (server, t) = start(SmtpEncryption::None).await;
    key(&t).await;
    t.advance(23 * DAY).await;
    announce(&t).await;
    let content = json!({
        "kind": "key_expiring", "key": "key_01h455vb4pex5vsknk084sn02q", "name": "Of before", "hint": "pck_live_ab…yz",
        "at": "2026-12-23T09:30:00Z", "days": 7,
    });
    t.tamper(&format!("UPDATE mail_outbox SET content = '{content}'")).await;
    send(&t).await;
    let words = text(&server.received()[0]);
    assert!(words.contains("the API key “Of before” of Skyline Aviation expires in 7 days."), "{words}");
}

#[tokio::test]
async fn email_is_queued_with_its_event_or_not_at_all() {
    let (_server, t) = start(SmtpEncryption::None).await;
    key(&t).await;
    t.advance(23 * DAY).await;
    t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    keys::record_expiring(&t.app).await.expect_err("no commit");
    t.database.accept_writes("audit_heads").await;
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox").await, 0);
    announce(&t).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox").await, 1);
}

#[tokio::test]
async fn member_chooses_notices_and_the_choice_is_recorded() {
    let (server, t) = start(SmtpEncryption::None).await;
    let ana = t.person(Role::AccountOwner).await;
    let page = ana.get("/account").await.is(200);
    for name in ["new_device"].into_iter().chain(OF_ADMINISTRATORS) {
        assert!(page.page().field(name).has_attribute("checked"), "{name}");
    }
    let others = ["new_device", "weekly_digest", "key_leaked", "key_unusual", "webhook_failing", "webhook_disabled"];
    choose(&ana, &others).await;
    let page = ana.get("/account?after=notices").await.is(200).says("Your email notices were changed.");
    assert!(
        page.page().field("new_device").has_attribute("checked") && !page.page().field("key_expiring").has_attribute("checked")
    );
    choose(&ana, &others).await;
    let events = t.audit().await;
    let chosen: Vec<_> = events.iter().filter(|event| event["action"] == "member.notices_updated").collect();
    assert_eq!(chosen.len(), 1, "nothing differed the second time");
    assert_eq!(chosen[0]["details"], json!({ "key_expiring": { "from": true, "to": false } }));
    ana.get("/settings/audit-log").await.is(200).says("changed which notices they get by email");

    key(&t).await;
    t.advance(23 * DAY).await;
    announce(&t).await;
    send(&t).await;
    assert!(server.received().is_empty(), "the only administrator does not want it");
}

#[tokio::test]
async fn unwanted_notice_of_a_sign_in_is_not_sent_and_those_of_changes_are() {
    let (server, t) = start(SmtpEncryption::None).await;
    let sign_in = async |address: &str| {
        let body = json!({ "email": "ana@skyline.example", "password": PASSWORD });
        t.anonymous().from(address).post(SIGN_IN, body).await.is(200);
        send(&t).await;
    };
    let ana = t.person(Role::AccountOwner).await;
    sign_in("203.0.113.1").await;
    sign_in("203.0.113.2").await;
    assert_eq!(server.received().len(), 1);
    choose(&ana, &[]).await;
    sign_in("203.0.113.3").await;
    assert_eq!(server.received().len(), 1);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "gliders over the lake" });
    t.owner().await.post("/api/v1/auth/password", change).await.is(200);
    send(&t).await;
    assert!(server.received()[1].data.contains("Subject: Your password"), "{}", server.received()[1].data);
}

#[tokio::test]
async fn choice_needs_recent_authentication_and_keeps_its_fields() {
    let (_server, t) = start(SmtpEncryption::None).await;
    let ana = t.person(Role::AccountOwner).await;
    t.advance(Duration::from_mins(16)).await;
    let asked = ana.submit("/account", PATH, &OF_ADMINISTRATORS.map(|name| (name, "yes"))).await.is(403);
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE muted_notices IS NOT NULL").await, 0);
    ana.confirm(&asked, PATH, PASSWORD).await.redirects_to("/account?after=notices");
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE muted_notices = 'new_device'").await, 1);
}

#[tokio::test]
async fn members_without_keys_choose_among_their_own_notices() {
    let (_server, t) = start(SmtpEncryption::None).await;
    let pilot = t.person(Role::Pilot).await;
    let page = pilot.get("/account").await.is(200);
    assert!(page.page().field("new_device").has_attribute("checked"));
    page.does_not_say("API keys that")
        .does_not_say("Unusual activity")
        .does_not_say("What needs attention")
        .does_not_say("Webhooks that");
    choose(&pilot, &["key_expiring"]).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE muted_notices = 'new_device'").await, 1);
    choose(&pilot, &["new_device"]).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE muted_notices IS NOT NULL").await, 0);
}

#[tokio::test]
async fn server_without_smtp_says_that_it_sends_no_emails() {
    let t = TestApp::new().await;
    let page = t.person(Role::AccountOwner).await.get("/account").await.is(200);
    page.says("This server sends no emails").does_not_say("Save notices");
}
