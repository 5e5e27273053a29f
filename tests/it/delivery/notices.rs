//! Emails about endpoints that will be disabled, and those that were.

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::members::Role;
use planeconnection::webhooks::delivery;
use serde_json::json;
use testkit::{Receiver, Reply, SmtpEncryption, SmtpServer};

use super::{WEBHOOKS, config, deliver, endpoint, trip};
use crate::mail::{send, settings, text};
use crate::support::{Client, TestApp};

const DAY: Duration = Duration::from_hours(24);

async fn start() -> (SmtpServer, TestApp, Client, Receiver) {
    let server = SmtpServer::start(SmtpEncryption::None);
    let t = TestApp::with_config(Config { webhooks: config().webhooks, ..settings(&server) }).await;
    let owner = t.owner().await;
    (server, t, owner, Receiver::start())
}

/// Lets all endpoints fail since they were created.
async fn fail(t: &TestApp, deliveries: u32) {
    let attempts = deliveries * 5;
    t.tamper(&format!(
        "UPDATE webhook_endpoints SET failing_since = created_at, failed_attempts = {attempts}, failed_deliveries = {deliveries}"
    ))
    .await;
}

async fn tidy(t: &TestApp) {
    delivery::tidy(&t.app.core).await.expect("a run");
    send(t).await;
}

fn has(words: &str, expected: &[&str]) {
    for text in expected {
        assert!(words.contains(text), "no {text:?} in {words}");
    }
}

#[tokio::test]
async fn administrators_get_an_email_a_day_before_an_endpoint_is_disabled_and_when_it_is() {
    let (server, t, owner, receiver) = start().await;
    let admin = t.add_member(Role::Admin).await;
    t.add_member(Role::Pilot).await;
    let (id, _) = endpoint(&owner, &receiver, &["trip.*"]).await;
    let url = format!("{}?token=of-the-crew", receiver.url());
    owner.patch(&format!("{WEBHOOKS}/{id}"), json!({ "url": url, "description": "Crew & ops\nrun by Ida" })).await.is(200);
    let shown = format!("URL: {}?…\n", receiver.url());
    fail(&t, 20).await;
    t.advance((4 * DAY).saturating_sub(Duration::from_secs(1))).await;
    tidy(&t).await;
    assert!(server.received().is_empty(), "a second too early");
    t.advance(Duration::from_secs(1)).await;
    let (one, two) = tokio::join!(delivery::tidy(&t.app.core), delivery::tidy(&t.app.core));
    one.and(two).expect("two runs");
    tidy(&t).await;
    let warned = server.received();
    let mut to: Vec<String> = warned.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    let mut expected = [admin.email, t.owner.email.clone()];
    expected.sort();
    assert_eq!(to, expected);
    has(
        &text(&warned[0]),
        &[
            "requests to the webhook “Crew & ops” of Skyline Aviation fail.",
            &shown,
            "Failing since: 23 Nov 2026, 10:30:00 CET",
            "Will be disabled: 28 Nov 2026, 10:30:00 CET\n",
            &format!("/settings/webhooks/{id}"),
        ],
    );
    t.advance(DAY).await;
    tidy(&t).await;
    tidy(&t).await;
    let arrived = server.received();
    assert_eq!(arrived.len(), 4);
    has(
        &text(&arrived[3]),
        &[
            "the server disabled the webhook “Crew & ops” of Skyline Aviation on 28 Nov 2026, 10:30:00 CET.",
            &shown,
            "Reason: no success for 5 days",
            "kept for at least 30 days",
            "delivered, in order, or skipped",
            &format!("/settings/webhooks/{id}"),
        ],
    );
    t.audit_ends_with(&["webhook.disabled"]).await;
}

#[tokio::test]
async fn endpoints_that_fail_together_are_in_one_email_and_one_transaction() {
    let (server, t, owner, receiver) = start().await;
    for _ in 0..22 {
        endpoint(&owner, &receiver, &["trip.*"]).await;
    }
    fail(&t, 20).await;
    t.advance(4 * DAY).await;
    tidy(&t).await;
    t.advance(DAY).await;
    tidy(&t).await;
    let [warning, disabled] = server.received().try_into().expect("two emails");
    has(&text(&warning), &["requests to 22 webhooks of Skyline Aviation fail.", "And 2 more."]);
    has(&text(&disabled), &["the server disabled 22 webhooks of Skyline Aviation", "And 2 more."]);
    assert_eq!(text(&disabled).matches("Reason:").count(), 20);
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'webhook.disabled'").await, 22);
}

#[tokio::test]
async fn endpoint_that_is_gone_is_emailed_with_the_answer_as_reason() {
    let (server, t, owner, receiver) = start().await;
    receiver.answer(Reply::Status(410));
    endpoint(&owner, &receiver, &["trip.*"]).await;
    trip(&owner).await;
    deliver(&t).await;
    send(&t).await;
    let [mail] = server.received().try_into().expect("one email");
    has(&text(&mail), &["the webhook “127.0.0.1”", "Reason: the server answered 410: the endpoint is gone"]);
}

#[tokio::test]
async fn endpoint_that_is_disabled_again_and_again_is_emailed_once_a_day() {
    let (server, t, owner, receiver) = start().await;
    receiver.answer(Reply::Status(410));
    let (id, _) = endpoint(&owner, &receiver, &["trip.*"]).await;
    let disabled = async || {
        let owner = t.owner().await;
        trip(&owner).await;
        deliver(&t).await;
        send(&t).await;
        owner.patch(&format!("{WEBHOOKS}/{id}"), json!({ "active": true, "backlog": "skip" })).await.is(200);
        server.received().len()
    };
    assert_eq!([disabled().await, disabled().await, disabled().await], [1, 1, 1]);
    t.advance(DAY).await;
    assert_eq!([disabled().await, disabled().await], [2, 2]);
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'webhook.disabled'").await, 5);
}

#[tokio::test]
async fn email_is_queued_with_the_change_or_not_at_all() {
    let (_server, t, owner, receiver) = start().await;
    endpoint(&owner, &receiver, &["trip.*"]).await;
    fail(&t, 20).await;
    for (days, kind, column) in [(4, "webhook_failing", "warned_at"), (1, "webhook_disabled", "disabled_at")] {
        t.advance(days * DAY).await;
        let changed = format!("SELECT COUNT(*) FROM webhook_endpoints WHERE {column} IS NOT NULL");
        let queued = format!("SELECT COUNT(*) FROM mail_outbox WHERE kind = '{kind}'");
        for table in ["mail_outbox", "audit_heads"] {
            let event = if table == "mail_outbox" { "INSERT" } else { "UPDATE" };
            t.database.reject_writes(event, table, "1 = 1").await;
            delivery::tidy(&t.app.core).await.expect("a run that tries again");
            t.database.accept_writes(table).await;
            assert_eq!([t.number(&changed).await, t.number(&queued).await], [0, 0], "{kind}, without {table}");
        }
        delivery::tidy(&t.app.core).await.expect("a run");
        assert_eq!([t.number(&changed).await, t.number(&queued).await], [1, 1], "{kind}");
    }
}

#[tokio::test]
async fn endpoint_with_few_events_is_warned_of_and_disabled_once_enough_have_failed() {
    let (server, t, owner, receiver) = start().await;
    endpoint(&owner, &receiver, &["trip.*"]).await;
    fail(&t, 1).await;
    t.advance(4 * DAY).await;
    tidy(&t).await;
    let words = text(&server.received()[0]);
    has(&words, &["28 Nov 2026, 10:30:00 CET or later, once 19 more deliveries have failed"]);
    t.advance(4 * DAY).await;
    tidy(&t).await;
    assert_eq!(server.received().len(), 1);
    fail(&t, 20).await;
    tidy(&t).await;
    has(&text(&server.received()[1]), &["the server disabled the webhook"]);
}

#[tokio::test]
async fn endpoint_that_recovers_is_warned_of_again_when_it_fails_again() {
    let (server, t, owner, receiver) = start().await;
    endpoint(&owner, &receiver, &["trip.*"]).await;
    fail(&t, 20).await;
    t.advance(4 * DAY).await;
    tidy(&t).await;
    trip(&t.owner().await).await;
    deliver(&t).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM webhook_endpoints WHERE warned_at IS NOT NULL").await, 0);
    t.advance(2 * DAY).await;
    tidy(&t).await;
    assert_eq!(server.received().len(), 1, "nothing fails");
    t.tamper("UPDATE webhook_endpoints SET failing_since = last_success_at, failed_attempts = 5").await;
    t.advance(2 * DAY).await;
    tidy(&t).await;
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn warning_comes_after_half_the_time_where_that_is_a_day() {
    let server = SmtpServer::start(SmtpEncryption::None);
    let webhooks = planeconnection::webhooks::WebhookSettings { disable_after: DAY, ..config().webhooks };
    let t = TestApp::with_config(Config { webhooks, ..settings(&server) }).await;
    endpoint(&t.owner().await, &Receiver::start(), &["trip.*"]).await;
    fail(&t, 20).await;
    tidy(&t).await;
    assert!(server.received().is_empty(), "it has only begun to fail");
    t.advance(DAY / 2).await;
    tidy(&t).await;
    t.advance(DAY / 2).await;
    tidy(&t).await;
    let subjects = server.received().iter().filter(|mail| mail.data.contains("Subject: ")).count();
    assert_eq!(subjects, 2);
    has(&text(&server.received()[1]), &["Reason: no success for a day"]);
}

#[tokio::test]
async fn administrators_without_these_notices_get_none() {
    let (server, t, owner, receiver) = start().await;
    endpoint(&owner, &receiver, &["trip.*"]).await;
    t.tamper("UPDATE members SET muted_notices = 'webhook_failing,webhook_disabled'").await;
    fail(&t, 20).await;
    t.advance(4 * DAY).await;
    tidy(&t).await;
    t.advance(DAY).await;
    tidy(&t).await;
    assert!(server.received().is_empty());
    t.audit_ends_with(&["webhook.disabled"]).await;
}
