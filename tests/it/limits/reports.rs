//! The limit of safety reports, counted without identifying reporters.

use std::time::Duration;

use planeconnection::limits::Limit;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::REPORTS;

use super::refusals;
use crate::support::{Lines, TestApp};

fn report(number: usize) -> Value {
    let confidentiality = ["standard", "confidential", "anonymous"][number % 3];
    json!({
        "reportType": "hazard",
        "title": format!("Report {number}"),
        "description": "During the walk-around before the second leg the left fuel cap was found open and hanging.",
        "occurredAt": "2026-11-22T17:05:00Z",
        "confidentiality": confidentiality,
    })
}

#[tokio::test]
async fn report_limit_is_20_an_hour_and_stores_no_identity() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Pilot).await;
    let pilot = t.signed_in(member.clone()).await.from("203.0.113.77").header("x-request-id", "a-pilots-own-request");
    for number in 0..20 {
        pilot.post(REPORTS, report(number)).await.is(201);
    }
    let audited = t.audit().await.len();
    let (lines, listening) = Lines::of_this_thread();
    let refused = pilot.post(REPORTS, report(2)).await.is(429).code("RATE_LIMITED");
    drop(listening);
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit-policy")), ("180", "\"member-reports\";q=20;w=3600"));
    let log = String::from_utf8(lines.bytes()).expect("text");
    for trace in ["203.0.113.77", &member.id.to_string(), &member.email, &member.name] {
        assert!(!log.contains(trace), "{trace} is in the log: {log}");
    }
    assert_eq!(t.audit().await.len(), audited + 1, "the sign-in of the owner who asked, and no more");
    assert_eq!(refusals(&t, Limit::MemberReports).await, 1);
    t.member(Role::Pilot).await.post(REPORTS, report(0)).await.is(201);
    t.advance(Duration::from_mins(3)).await;
    pilot.post(REPORTS, report(0)).await.is(201);
}

#[tokio::test]
async fn refused_reports_do_not_count() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await;
    let future = json!({ "occurredAt": "2030-01-01T00:00:00Z" });
    let mut early = report(0);
    early.as_object_mut().expect("an object").extend(future.as_object().expect("an object").clone());
    for _ in 0..25 {
        pilot.post(REPORTS, early.clone()).await.is(400);
        pilot.post(REPORTS, json!({})).await.is(400);
    }
    let once = pilot.clone().header("idempotency-key", "one");
    for _ in 0..25 {
        once.post(REPORTS, report(0)).await.is(201);
    }
    t.advance(Duration::from_mins(1)).await;
    for number in 1..20 {
        pilot.post(REPORTS, report(number)).await.is(201);
    }
}
