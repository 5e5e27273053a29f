//! Calls that wait for a change.

use std::time::Duration;

use planeconnection::audit::feed::CommitPoll;
use planeconnection::limits::{Limit, Settings};
use planeconnection::members::Role;
use serde_json::json;
use testkit::{REPORTS, TRIPS};

use super::{AIRCRAFT, CHANGES, add_trip, changes, items, next};
use crate::lists::SUBJECTS;
use crate::support::{TestApp, test_config};

#[tokio::test]
async fn call_that_waits_is_answered_by_the_next_change() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (owner, reader) = (t.owner().await, t.with(&key));
    let after = next(&changes(&reader, "").await);
    let waiting = async { changes(&reader, &format!("?after={after}&wait=30")).await };
    let changing = async {
        // Wakes the reader, who has nothing to see in it.
        owner.post(AIRCRAFT, json!({ "tailNumber": "N1", "typeDesignator": "C25B", "model": "Citation CJ3+" })).await.is(201);
        add_trip(&owner).await
    };
    let (answer, trip) = tokio::join!(waiting, changing);
    assert_eq!(items(&answer), [("trips".to_owned(), "created".to_owned(), trip)]);
}

#[tokio::test]
async fn call_that_waits_is_answered_without_changes_at_its_end() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let after = next(&changes(&owner, "").await);
    let answer = changes(&owner, &format!("?after={after}&wait=1")).await;
    assert_eq!((items(&answer), next(&answer)), (vec![], after));
}

#[tokio::test]
async fn key_that_is_revoked_while_it_waits_gets_no_change() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (owner, reader) = (t.owner().await, t.with(&key));
    let after = next(&changes(&reader, "").await);
    let waiting = async { reader.get(&format!("{CHANGES}?after={after}&wait=30")).await };
    let revoking = async {
        owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
        add_trip(&owner).await
    };
    let (answer, _) = tokio::join!(waiting, revoking);
    answer.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn key_that_is_revoked_while_it_waits_is_refused_without_a_change() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (owner, reader) = (t.owner().await, t.with(&key));
    let after = next(&changes(&reader, "").await);
    let waiting = async { reader.get(&format!("{CHANGES}?after={after}&wait=1")).await };
    let revoking = async { owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200) };
    let (answer, _) = tokio::join!(waiting, revoking);
    answer.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn member_who_signs_out_while_a_call_waits_gets_no_change() {
    let t = TestApp::new().await;
    let (owner, reader) = (t.owner().await, t.admin().await);
    let after = next(&changes(&reader, "").await);
    let waiting = async { reader.get(&format!("{CHANGES}?after={after}&wait=30")).await };
    let leaving = async {
        reader.post("/api/v1/auth/sign-out", json!({})).await.is(200);
        add_trip(&owner).await
    };
    let (answer, _) = tokio::join!(waiting, leaving);
    answer.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn member_who_may_read_less_by_then_gets_no_change() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let member = t.add_member(Role::Auditor).await;
    let id = member.id;
    let reader = t.signed_in(member).await;
    let after = next(&changes(&reader, "").await);
    let waiting = async { reader.get(&format!("{CHANGES}?after={after}&wait=30&module=safety")).await };
    let demoting = async {
        owner.patch(&format!("/api/v1/members/{id}"), json!({ "role": "pilot" })).await.is(200);
        let safety = SUBJECTS.iter().find(|subject| subject.list == REPORTS).expect("reports");
        safety.create(&owner, 1).await
    };
    let (answer, _) = tokio::join!(waiting, demoting);
    answer.is(403).code("ROLE_REQUIRED");
}

#[tokio::test]
async fn calls_that_catch_up_do_not_hold_each_other_up() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    // As if there were more other events than one read looks through.
    t.tamper("UPDATE audit_heads SET sequence = sequence + 100000").await;
    SUBJECTS.iter().find(|subject| subject.list == REPORTS).expect("reports").create(&owner, 1).await;
    let reader = t.with(&t.key(&["safety:read"]).await);
    let waiting = (0..20).map(|_| async { changes(&reader, "?after=0&wait=30&module=safety").await });
    for answer in futures_util::future::join_all(waiting).await {
        assert_eq!(items(&answer).len(), 1, "{}", answer.text);
    }
}

#[tokio::test]
async fn calls_beyond_the_limit_of_waiting_ones_are_answered_early() {
    let limits = Settings::default().with(Limit::WaitingReaders, Some(1));
    let t = TestApp::with_config(planeconnection::config::Config { limits, ..test_config() }).await;
    let owner = t.owner().await;
    let after = next(&changes(&owner, "").await);
    let query = format!("?after={after}&wait=30");
    let changing = async {
        // One of both waits by then, and the other one may not.
        while !t.metrics().await.contains("limit=\"waiting-readers\"} 1") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        add_trip(&owner).await
    };
    let (one, other, _) = tokio::join!(changes(&owner, &query), changes(&owner, &query), changing);
    let mut seen = [one, other].map(|answer| items(&answer).len());
    seen.sort_unstable();
    assert_eq!(seen, [0, 1]);
}

#[tokio::test]
async fn waiting_calls_hold_no_connection() {
    let t = TestApp::new().await;
    let (owner, reader) = (t.owner().await, t.with(&t.key(&["trips:read"]).await));
    let after = next(&changes(&reader, "").await);
    let waiting = (0..100).map(|_| async { changes(&reader, &format!("?after={after}&wait=30")).await });
    let waiting = futures_util::future::join_all(waiting);
    let others = async {
        for _ in 0..5 {
            owner.get(TRIPS).await.is(200);
        }
        add_trip(&owner).await
    };
    let (answers, _) = tokio::join!(waiting, others);
    assert!(answers.iter().all(|answer| items(answer).len() == 1), "all of them are woken");
}

#[tokio::test]
async fn waiting_call_sees_a_change_of_another_process() {
    let t = TestApp::in_a_file().await;
    let reader = t.with(&t.key(&["trips:read"]).await);
    let owner = t.owner().await;
    let after = next(&changes(&reader, "").await);
    let other =
        planeconnection::app::App::open_with(test_config(), t.location(), t.app.clock.clone(), kit::random::Random::seeded(9));
    let other = planeconnection::router::router(other.await.expect("a database"));
    let waiting = async { changes(&reader, &format!("?after={after}&wait=30")).await };
    let poll = CommitPoll::default();
    let changing = async {
        add_trip(&owner.via(&other)).await;
        while !t.app.commits.keys().is_empty() {
            poll.run(&t.app).await.expect("a poll");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (answer, ()) = tokio::join!(waiting, changing);
    assert_eq!(items(&answer).len(), 1);
}
