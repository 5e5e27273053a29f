//! The digest of findings on Mondays.

use std::time::Duration;

use planeconnection::findings::send_digests;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{ReceivedMail, SmtpEncryption};

use super::notices::choose;
use super::{send, start, text};
use crate::support::TestApp;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

/// The time from the start of a test, a Monday at 10:30 in Zurich, to the next Monday at 8.
const TO_MONDAY: Duration = Duration::from_mins(7 * 24 * 60 - 150);

async fn digest(t: &TestApp) {
    send_digests((&t.app).into(), &t.app.index.tenants()).await.expect("a run");
}

async fn digest_and_send(t: &TestApp) {
    digest(t).await;
    send(t).await;
}

fn recipients(sent: &[ReceivedMail]) -> Vec<String> {
    let mut to: Vec<String> = sent.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    to
}

fn has(words: &str, expected: &[&str]) {
    for text in expected {
        assert!(words.contains(text), "no {text:?} in {words}");
    }
}

#[tokio::test]
async fn administrators_get_the_findings_on_monday_morning_once_a_week() {
    let (server, t) = start(SmtpEncryption::None).await;
    let admin = t.add_member(Role::Admin).await;
    for role in [Role::Auditor, Role::SafetyManager, Role::Dispatcher, Role::Pilot] {
        t.add_member(role).await;
    }
    let body = json!({ "name": "Fleet & ops", "permissions": "read_only", "expiresAt": "2026-12-02T09:30:00Z" });
    let key = t.key_with(body).await;
    t.named_key("Endless").await;
    digest_and_send(&t).await;
    assert!(server.received().is_empty(), "the workspace is newer than the Monday's digest");

    t.advance(TO_MONDAY.saturating_sub(SECOND)).await;
    digest_and_send(&t).await;
    assert!(server.received().is_empty(), "a second before eight");
    t.advance(SECOND).await;
    tokio::join!(digest(&t), digest(&t));
    digest_and_send(&t).await;
    let sent = server.received();
    let mut administrators = [admin.email, t.owner.email.clone()];
    administrators.sort();
    assert_eq!(recipients(&sent), administrators);
    assert!(sent[0].data.contains("Subject: 3 findings need attention in Skyline Aviation"), "{}", sent[0].data);
    let words = text(&sent[0]);
    let rotate = format!("/settings/api-keys/{}/rotate", key.id);
    let expected = [
        "these need attention in Skyline Aviation, as of 30 Nov 2026, 08:00:00 CET.",
        "Critical\n\n- Fleet & ops expires on 2 Dec 2026",
        &rotate,
        "Warning\n\n- ",
        "- Endless does not expire.",
        "/findings\n",
        "Choose your notices under",
    ];
    has(&words, &expected);
    assert!(!words.contains("more."), "{words}");

    for hours in [2, 20, 2, 24, 24, 24, 24, 24] {
        t.advance(HOUR * hours).await;
        digest_and_send(&t).await;
    }
    assert_eq!(server.received().len(), 2, "on no other day");
    t.advance(DAY).await;
    digest_and_send(&t).await;
    assert_eq!(server.received().len(), 4, "and again the week after");
}

#[tokio::test]
async fn digest_that_was_missed_is_sent_within_a_day_or_left_out() {
    let (server, t) = start(SmtpEncryption::None).await;
    t.advance(TO_MONDAY + DAY).await;
    digest_and_send(&t).await;
    assert!(server.received().is_empty(), "it is Tuesday, eight o'clock");
    t.advance((7 * DAY).saturating_sub(SECOND)).await;
    digest_and_send(&t).await;
    digest_and_send(&t).await;
    let [late] = server.received().try_into().expect("one email");
    has(&text(&late), &["this needs attention in Skyline Aviation", "- Only one member is an account owner"]);
}

#[tokio::test]
async fn digest_comes_on_the_morning_of_its_own_workspace() {
    let (server, t) = start(SmtpEncryption::None).await;
    t.workspace_in("kiritimati", "Pacific/Kiritimati").await;
    // Sunday, 18:00 in Greenwich, and eight o'clock on Monday on the island.
    t.advance(Duration::from_mins(6 * 24 * 60 + 510)).await;
    digest_and_send(&t).await;
    assert_eq!(recipients(&server.received()), ["owner@kiritimati.example"]);
    t.advance(13 * HOUR).await;
    digest_and_send(&t).await;
    assert_eq!(recipients(&server.received()), ["ana@skyline.example", "owner@kiritimati.example"]);
}

#[tokio::test]
async fn monday_without_findings_has_no_digest_and_dismissed_ones_do_not_count() {
    let (server, t) = start(SmtpEncryption::None).await;
    t.add_member(Role::AccountOwner).await;
    t.named_key("Endless").await;
    let owner = t.owner().await;
    let listed = owner.get("/api/v1/findings").await.is(200).items("id");
    let [endless] = listed.try_into().expect("one finding");
    owner.post(&format!("/api/v1/findings/{endless}/dismiss"), json!({ "reason": "It cannot" })).await.is(200);
    t.advance(TO_MONDAY).await;
    digest_and_send(&t).await;
    t.named_key("Endless, too").await;
    t.advance(HOUR).await;
    digest_and_send(&t).await;
    assert!(server.received().is_empty(), "what comes later in the day waits for the next Monday");
    t.advance(7 * DAY).await;
    digest_and_send(&t).await;
    let sent = server.received();
    assert_eq!(sent.len(), 2);
    has(&text(&sent[0]), &["- Endless, too does not expire."]);
    assert!(!text(&sent[0]).contains("- Endless does"), "{}", text(&sent[0]));
}

#[tokio::test]
async fn digest_lists_twenty_findings_and_counts_the_others() {
    let (server, t) = start(SmtpEncryption::None).await;
    for number in 1..=22 {
        t.named_key(&format!("Endless {number}")).await;
    }
    t.advance(TO_MONDAY).await;
    digest_and_send(&t).await;
    let [mail] = server.received().try_into().expect("one email");
    let words = text(&mail);
    has(&words, &["- Only one member", "And 3 more."]);
    assert_eq!(words.matches("\n- ").count(), 20, "{words}");
}

#[tokio::test]
async fn digest_is_for_those_who_want_it() {
    let (server, t) = start(SmtpEncryption::None).await;
    let ana = t.person(Role::AccountOwner).await;
    choose(&ana, &["new_device", "key_expiring", "key_leaked", "key_unusual", "webhook_failing", "webhook_disabled"]).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE muted_notices = 'weekly_digest'").await, 1);
    t.advance(TO_MONDAY).await;
    digest_and_send(&t).await;
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn week_is_stored_with_its_emails_or_not_at_all() {
    let (server, t) = start(SmtpEncryption::None).await;
    t.advance(TO_MONDAY).await;
    t.database.reject_writes("INSERT", "mail_outbox", "1 = 1").await;
    send_digests((&t.app).into(), &t.app.index.tenants()).await.expect_err("no commit");
    t.database.accept_writes("mail_outbox").await;
    assert_eq!(t.number("SELECT COUNT(*) FROM weekly_digests").await, 0);
    digest_and_send(&t).await;
    assert_eq!((server.received().len(), t.number("SELECT COUNT(*) FROM weekly_digests").await), (1, 1));
}

#[tokio::test]
async fn server_without_smtp_stores_no_weeks() {
    let t = TestApp::new().await;
    t.advance(TO_MONDAY).await;
    digest(&t).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM weekly_digests").await, 0);
}
