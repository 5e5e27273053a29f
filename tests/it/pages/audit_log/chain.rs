//! Chain verification on the page.

use std::time::Duration;

use planeconnection::audit::{Action, AuditContext, AuditedTx};
use planeconnection::config::Config;
use planeconnection::limits::{Limit, Permit, Settings};
use planeconnection::members::Role;
use serde_json::json;

use super::{PAGE, expiring_key, sentences};
use crate::browser::Person;
use crate::support::{PASSWORD, Response, TestApp};

async fn with_a_log() -> (TestApp, Person) {
    log_in(TestApp::new().await).await
}

async fn log_in(t: TestApp) -> (TestApp, Person) {
    for name in ["One", "Two", "Three"] {
        expiring_key(&t, name).await;
    }
    let auditor = t.person(Role::Auditor).await;
    (t, auditor)
}

/// A log that is too long to be walked at one look.
async fn with_a_long_log() -> (TestApp, Person) {
    let (t, auditor) = with_a_log().await;
    record(&t, 5_600).await;
    (t, auditor)
}

async fn record(t: &TestApp, events: u32) {
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    for number in 0..events {
        tx.record(Action::KeyUsed, None, json!({ "number": number }));
    }
    tx.commit().await.expect("a commit");
}

/// Asks for a walk over the whole log, and looks until it is over.
async fn verified(auditor: &Person) -> Response {
    auditor.submit(PAGE, &format!("{PAGE}/verify"), &[]).await.redirects_to(PAGE);
    at_rest(auditor).await
}

/// The page once no walk over the whole log is under way.
async fn at_rest(auditor: &Person) -> Response {
    loop {
        let page = auditor.get(PAGE).await.is(200);
        if !page.text.contains("is being verified from its first event") {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn intact_log_is_verified_at_every_view() {
    let (t, auditor) = with_a_log().await;
    auditor.get(PAGE).await.is(200).says("Chain verified, 10 events in total.");
    expiring_key(&t, "Four").await;
    auditor.get(PAGE).await.is(200).says("Chain verified, 12 events in total.").does_not_say("failed verification");
    verified(&auditor).await.says("Chain verified, 12 events in total.");
}

#[tokio::test]
async fn tampering_is_shown_at_the_next_view() {
    let (t, auditor) = with_a_log().await;
    auditor.get(PAGE).await.is(200).does_not_say("failed verification");
    t.tamper("UPDATE audit_events SET actor_name = 'Somebody Else' WHERE sequence = 4").await;
    let page =
        auditor.get(PAGE).await.is(200).says("The audit log failed verification").says("The 3 events before it are intact.");
    let page = page.says("Event 4 (evt_").says("planeconnection audit verify --workspace skyline").does_not_say("Chain verified");
    assert_eq!(sentences(&page).len(), 10, "what can be read is shown all the same");
    auditor.get(&format!("{PAGE}?action=invoice.voided")).await.is(200).says("The audit log failed verification");
}

#[tokio::test]
async fn unreadable_log_has_a_page_that_says_so() {
    // In a file: a server's types let nothing in that cannot be read.
    for change in ["details = 'nonsense'", "id = 'x'", "occurred_at = 'yesterday'"] {
        let (t, auditor) = log_in(TestApp::in_a_file().await).await;
        t.tamper(&format!("UPDATE audit_events SET {change} WHERE sequence = 6")).await;
        for query in ["", "?unusual=1", "?outcome=success"] {
            let page = auditor.get(&format!("{PAGE}{query}")).await.is(200);
            page.says("Event 6 was altered: it cannot even be read.").says("The 5 events before it are intact.");
        }
    }
}

#[tokio::test]
async fn truncated_log_is_detected_by_its_checkpoint() {
    let (t, auditor) = with_a_log().await;
    auditor.get(PAGE).await.is(200).says("Chain verified, 10 events in total.");
    t.tamper(
        "DELETE FROM audit_events WHERE sequence > 7; \
         UPDATE audit_heads SET sequence = 7, hash = (SELECT hash FROM audit_events WHERE sequence = 7)",
    )
    .await;
    let cut = "Event 10 is not the one that was verified here before: the log was rewritten or truncated since.";
    auditor.get(PAGE).await.is(200).says(cut).does_not_say("events before that fit");
    verified(&auditor).await.says(cut);
}

#[tokio::test]
async fn long_log_is_verified_in_steps() {
    let (t, auditor) = with_a_long_log().await;
    let first = auditor.get(PAGE).await.is(200).says("Chain verified up to event 5,000 of 5,610.");
    first.says("Each visit to this page verifies about 5,000 more.");
    let second = auditor.get(PAGE).await.is(200).says("Chain verified up to the latest event, 5,610.");
    second.says("This page does not read events again").says("It was last verified from the first event");
    // It lies where this page looks no more.
    t.tamper("UPDATE audit_events SET actor_name = 'Somebody Else' WHERE sequence = 4").await;
    auditor.get(PAGE).await.is(200).does_not_say("failed verification");
    let found = verified(&auditor).await.says("The audit log failed verification").says("Event 4 (evt_");
    found.says("The 3 events before it are intact.");
    auditor.get(PAGE).await.is(200).says("Event 4 (evt_");
}

#[tokio::test]
async fn truncated_long_log_is_detected_without_full_verification() {
    let (t, auditor) = with_a_long_log().await;
    auditor.get(PAGE).await.is(200);
    verified(&auditor).await.says("up to the latest event");
    t.tamper(
        "DELETE FROM audit_events WHERE sequence > 5500; \
         UPDATE audit_heads SET sequence = 5500, hash = (SELECT hash FROM audit_events WHERE sequence = 5500)",
    )
    .await;
    auditor.get(PAGE).await.is(200).says("Event 5610 is not the one that was verified here before");
    verified(&auditor).await.says("Event 5610 is not the one that was verified here before");
}

#[tokio::test]
async fn short_log_is_fully_verified_once_a_minute() {
    let (t, auditor) = with_a_log().await;
    record(&t, 1_000).await;
    auditor.get(PAGE).await.is(200).says("Chain verified, 1,010 events in total.");
    t.tamper("UPDATE audit_events SET actor_name = 'Somebody Else' WHERE sequence = 4").await;
    let soon = auditor.get(PAGE).await.is(200).says("Chain verified up to the latest event, 1,010.");
    soon.says("This page does not read events again").says("It was last verified from the first event");
    t.advance(Duration::from_mins(1)).await;
    auditor.get(PAGE).await.is(200).says("Event 4 (evt_").says("The 3 events before it are intact.");
}

/// The token of the page's forms.
async fn token(person: &Person) -> String {
    let hidden = person.get(PAGE).await.is(200).hidden(&format!("{PAGE}/verify"));
    hidden.into_iter().find(|(name, _)| name == "csrf").expect("a token").1
}

/// Keeps walks over whole logs of the workspace waiting.
fn every_connection(t: &TestApp) -> Vec<Permit> {
    std::iter::from_fn(|| t.app.limits.try_read(t.workspace.id)).collect()
}

#[tokio::test]
async fn full_verifications_are_limited_by_workspace_and_node() {
    for (most, status) in [(1, 409), (2, 303)] {
        let limits = Settings::default().with(Limit::NodeChainChecks, Some(most));
        let (t, auditor) = log_in(TestApp::with_config(Config { limits, ..Config::default() }).await).await;
        t.other_workspace().await;
        let ben = t.anonymous_person();
        ben.submit("/sign-in", "/sign-in", &[("email", "ben@northwind.example"), ("password", PASSWORD)]).await.is(303);
        let (hers, his) = (token(&auditor).await, token(&ben).await);
        let held = every_connection(&t);
        let verify = format!("{PAGE}/verify");
        auditor.post(&verify, &[("csrf", &hers)]).await.redirects_to(PAGE);
        auditor.post(&verify, &[("csrf", &hers)]).await.redirects_to(PAGE);
        let answer = ben.post(&verify, &[("csrf", &his)]).await.is(status);
        assert_eq!(answer.text.contains("This server is verifying the logs of other workspaces."), status == 409);
        drop(held);
        at_rest(&auditor).await;
        verified(&auditor).await.says("Chain verified");
    }
}

#[tokio::test]
async fn full_verification_ends_when_its_reader_loses_access() {
    let (t, _) = with_a_log().await;
    let leaver = t.add_member(Role::Auditor).await;
    let (first, cookie) = (t.anonymous_person(), t.token_of(leaver.clone()).await);
    first.plant("planeconnection_session", &cookie);
    let csrf = token(&first).await;
    let held = every_connection(&t);
    first.post(&format!("{PAGE}/verify"), &[("csrf", &csrf)]).await.redirects_to(PAGE);
    t.owner().await.delete(&format!("/api/v1/members/{}", leaver.id)).await.is(200);
    drop(held);
    let second = t.person(Role::Auditor).await;
    at_rest(&second).await.does_not_say("members and settings matched the log");
    verified(&second).await.says("Chain verified, ").says("members and settings matched the log");
}

#[tokio::test]
async fn page_states_the_limits_of_verification() {
    let (_t, auditor) = with_a_log().await;
    let page = auditor.get(PAGE).await.is(200).says("Verification cannot show whether the log was");
    page.says("truncated or rewritten as a whole").says("a signed head that was kept elsewhere");
}

#[tokio::test]
async fn key_unrevoked_in_the_database_is_shown_after_verification() {
    let (t, auditor) = with_a_log().await;
    let found = t.owner().await.get("/api/v1/api-keys?search=Two").await.is(200);
    let id = found.text_at("/data/items/0/id");
    t.owner().await.post(&format!("/api/v1/api-keys/{id}/revoke"), json!({})).await.is(200);
    auditor.get(PAGE).await.is(200).does_not_say("matched the log");
    verified(&auditor).await.says("Keys, members and settings matched the log when they were compared, ");
    t.tamper("UPDATE api_keys SET revoked_at = NULL").await;
    let page = verified(&auditor).await.says("The database does not match the audit log").says(&id).says("revokedAt is 2026-");
    page.says("Chain verified, ").does_not_say("settings matched the log");
}
