//! `audit::verify`: whatever is done to a row behind the product's back, the first event that does not fit is named.

use planeconnection::audit::{Action, AuditContext, AuditedTx, Fault, verify};

use sea_orm::ConnectionTrait;

use crate::support::TestApp;

/// An app with a log of more than ten events.
async fn with_a_log() -> TestApp {
    log_in(TestApp::new().await).await
}

/// A log in a file, on any engine of the suite.
async fn with_a_log_in_a_file() -> TestApp {
    log_in(TestApp::in_a_file().await).await
}

async fn log_in(t: TestApp) -> TestApp {
    for _ in 0..4 {
        t.key(&["trips:read"]).await;
    }
    t
}

async fn fault(t: &TestApp) -> Option<Fault> {
    verify(&t.app.db, t.workspace.id).await.expect("a verdict").fault
}

fn sequence(fault: Option<Fault>) -> i64 {
    match fault {
        Some(Fault::Altered { sequence, .. } | Fault::Missing { sequence, .. } | Fault::Unreadable { sequence }) => sequence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn intact_log_verifies() {
    let t = with_a_log().await;
    let verdict = verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert_eq!(verdict.fault, None);
    let log = t.owner().await.get("/api/v1/audit-log").await.is(200);
    assert_eq!(log.at("/data/total"), &serde_json::json!(verdict.events + 1), "one for the sign-in that asked");
}

#[tokio::test]
async fn log_with_gap_or_without_head_is_still_listed() {
    let t = with_a_log().await;
    let owner = t.owner().await;
    let list = async || owner.get("/api/v1/audit-log?page_size=4").await.is(200);
    let events = list().await.at("/data/total").as_u64().expect("a count");
    t.tamper(&format!("DELETE FROM audit_events WHERE sequence = {}", events - 1)).await;
    let left = list().await;
    assert_eq!((left.items("id").len(), left.at("/data/total").as_u64()), (3, Some(events)), "it has a hole");
    t.tamper("DELETE FROM audit_heads").await;
    let left = list().await;
    assert_eq!((left.items("id").len(), left.at("/data/total").as_u64()), (4, Some(events - 1)), "what is there is counted");
}

/// Records events with these details, and returns the sequence of the last one.
async fn record(t: &TestApp, details: impl IntoIterator<Item = serde_json::Value>) -> i64 {
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    for details in details {
        tx.record(Action::KeyUsed, None, details);
    }
    let last = tx.sequence();
    tx.commit().await.expect("a commit");
    last
}

/// A log of some more than 2,100 events.
async fn with_a_long_log(t: TestApp) -> TestApp {
    record(&t, (0..2_100).map(|number| serde_json::json!({ "number": number }))).await;
    t
}

/// Sequences at the borders of batches and between these, the last one first: so the fault that was made last is found first.
const BORDERS: [i64; 7] = [2_050, 2_001, 2_000, 1_001, 1_000, 999, 2];

#[tokio::test]
async fn verification_continues_past_the_first_batch() {
    let t = with_a_long_log(TestApp::new().await).await;
    assert_eq!(fault(&t).await, None);
    for altered in BORDERS {
        t.tamper(&format!("UPDATE audit_events SET details = '{{}}' WHERE sequence = {altered}")).await;
        assert_eq!(sequence(fault(&t).await), altered);
    }
}

#[tokio::test]
async fn removed_event_at_the_border_of_a_batch_is_detected() {
    let t = with_a_long_log(TestApp::new().await).await;
    for removed in BORDERS {
        t.tamper(&format!("DELETE FROM audit_events WHERE sequence = {removed}")).await;
        let fault = fault(&t).await;
        assert!(matches!(fault, Some(Fault::Missing { sequence, .. }) if sequence == removed), "{removed}: {fault:?}");
    }
}

#[tokio::test]
async fn unreadable_event_at_the_border_of_a_batch_is_reported() {
    let t = with_a_long_log(TestApp::in_a_file().await).await;
    for (altered, change) in
        BORDERS.into_iter().zip(["outcome = x'ff'", "details = '{'", "occurred_at = 'yesterday'"].into_iter().cycle())
    {
        t.tamper(&format!("UPDATE audit_events SET {change} WHERE sequence = {altered}")).await;
        let fault = fault(&t).await;
        assert!(matches!(fault, Some(Fault::Unreadable { sequence }) if sequence == altered), "{altered}: {fault:?}");
    }
}

#[tokio::test]
async fn truncated_long_log_is_detected() {
    for left in [2_000, 1_999] {
        let t = with_a_long_log(TestApp::new().await).await;
        t.tamper(&format!("DELETE FROM audit_events WHERE sequence > {left}")).await;
        assert!(matches!(fault(&t).await, Some(Fault::End { last, .. }) if last == left), "{left}");
    }
}

#[tokio::test]
async fn details_with_unsorted_names_and_any_number_are_verified() {
    let t = TestApp::new().await;
    let numbers = serde_json::json!([0, -1, 0.5, -0.0, 1e21, 1e-7, u64::MAX, i64::MIN, 9_007_199_254_740_993_i64]);
    let texts = serde_json::json!({ "é, : \"": "\u{1f680} \\ \n", "": [{}, []] });
    let odd = serde_json::json!({ "z": numbers, "a": texts, "B": null, "\u{ff5e}": 1, "\u{1f600}": true });
    record(&t, vec![odd; 3]).await;
    assert_eq!(fault(&t).await, None);
}

#[tokio::test]
async fn number_in_another_form_is_detected() {
    let t = TestApp::new().await;
    let last = record(&t, vec![serde_json::json!({ "number": 1.5 }); 3]).await;
    assert_eq!(fault(&t).await, None);
    // The hash covers doubles, which these numbers are rounded to.
    let change = t.database.by_engine("replace(details, '1.5', '1.50')", "jsonb_build_object('number', 1.50000000000000000001)");
    t.tamper(&format!("UPDATE audit_events SET details = {change} WHERE sequence = {}", last - 1)).await;
    assert!(matches!(fault(&t).await, Some(Fault::Altered { sequence, .. }) if sequence == last - 1));
}

#[tokio::test]
async fn altered_event_field_is_detected() {
    let t = with_a_log().await;
    let (id, hash) = (format!("id = {}", t.database.new_id_sql()), format!("hash = {}", t.database.zero_hash_sql()));
    for change in [
        "action = 'api_key.revoked'",
        "outcome = 'denied'",
        "occurred_at = '2026-11-23 09:30:01+00:00'",
        "actor_name = 'Somebody Else'",
        "actor_id = NULL",
        "target_name = 'Another'",
        "ip = '203.0.113.1'",
        "user_agent = NULL",
        "request_id = 'x'",
        "details = '{}'",
        &id,
        &hash,
        "target_type = NULL",
    ] {
        altered(&with_a_log().await, change).await;
    }
}

#[tokio::test]
async fn event_in_another_encoding_is_detected() {
    // A file stores text; a server's own types have one form for each value.
    for change in [
        "details = details || ' '",
        "details = replace(details, ':', ': ')",
        "details = '{\"hidden\": 1, ' || substr(details, 2)",
        "occurred_at = replace(occurred_at, '+00:00', 'Z')",
        "occurred_at = replace(occurred_at, '+00:00', '.0000001+00:00')",
    ] {
        altered(&with_a_log_in_a_file().await, change).await;
    }
}

#[tokio::test]
async fn unreadable_event_is_reported() {
    // A server's types let nothing in that cannot be read, but for a hash of another length.
    let t = with_a_log().await;
    altered(&t, &format!("hash = substr({}, 1, 1)", t.database.zero_hash_sql())).await;
    for change in
        ["details = 'nonsense'", "occurred_at = 'yesterday'", "id = 'x'", "outcome = x'ff'", "action = CAST(action AS BLOB)"]
    {
        altered(&with_a_log_in_a_file().await, change).await;
    }
}

async fn altered(t: &TestApp, change: &str) {
    t.tamper(&format!("UPDATE audit_events SET {change} WHERE sequence = 6")).await;
    assert_eq!(sequence(fault(t).await), 6, "{change}");
}

#[tokio::test]
async fn removed_event_is_detected() {
    let t = with_a_log().await;
    t.tamper("DELETE FROM audit_events WHERE sequence = 5").await;
    assert!(matches!(fault(&t).await, Some(Fault::Missing { sequence: 5, found: 6, .. })));
}

#[tokio::test]
async fn removed_event_with_closed_gap_is_detected() {
    let t = with_a_log().await;
    t.tamper("DELETE FROM audit_events WHERE sequence = 5").await;
    t.tamper("UPDATE audit_events SET sequence = sequence + 1000 WHERE sequence > 5").await;
    t.tamper("UPDATE audit_events SET sequence = sequence - 1001 WHERE sequence > 1000").await;
    assert_eq!(sequence(fault(&t).await), 5);
}

#[tokio::test]
async fn inserted_event_is_detected() {
    let t = with_a_log().await;
    t.tamper("UPDATE audit_events SET sequence = sequence + 1000 WHERE sequence >= 5").await;
    t.tamper("UPDATE audit_events SET sequence = sequence - 999 WHERE sequence > 1000").await;
    t.tamper(&copied(&t, "5", "WHERE sequence = 4")).await;
    assert_eq!(sequence(fault(&t).await), 5);
}

/// Inserts copies of events, under another number.
fn copied(t: &TestApp, number: &str, which: &str) -> String {
    format!(
        "INSERT INTO audit_events SELECT {}, workspace_id, {number}, occurred_at, action, outcome, actor_type, actor_id, \
         actor_name, target_type, target_id, target_name, ip, user_agent, request_id, details, hash, \
         auth_methods, auth_age_seconds FROM audit_events {which}",
        t.database.new_id_sql(),
    )
}

#[tokio::test]
async fn reordered_events_are_detected() {
    let t = with_a_log().await;
    for (from, to) in [(5, 1000), (6, 5), (1000, 6)] {
        t.tamper(&format!("UPDATE audit_events SET sequence = {to} WHERE sequence = {from}")).await;
    }
    assert_eq!(sequence(fault(&t).await), 5);
}

#[tokio::test]
async fn truncated_log_is_detected() {
    let t = with_a_log().await;
    t.tamper("DELETE FROM audit_events WHERE sequence > 5").await;
    assert!(matches!(fault(&t).await, Some(Fault::End { last: 5, .. })));
    t.tamper("DELETE FROM audit_events").await;
    assert!(matches!(fault(&t).await, Some(Fault::End { last: 0, .. })));
}

#[tokio::test]
async fn appended_event_is_detected() {
    let t = with_a_log().await;
    t.tamper(&copied(&t, "sequence + 1", "ORDER BY sequence DESC LIMIT 1")).await;
    assert!(matches!(fault(&t).await, Some(Fault::End { .. })));
}

#[tokio::test]
async fn missing_head_is_detected() {
    let t = with_a_log().await;
    t.tamper("DELETE FROM audit_heads").await;
    assert_eq!(fault(&t).await, Some(Fault::Headless));
}

#[tokio::test]
async fn unreadable_head_is_detected() {
    // In a file: a server's types let nothing in that cannot be read.
    let t = with_a_log_in_a_file().await;
    t.tamper("UPDATE audit_heads SET sequence = 'last'").await;
    assert_eq!(fault(&t).await, Some(Fault::Headless));
}

#[tokio::test]
async fn emptied_log_and_head_are_detected() {
    let t = with_a_log().await;
    t.tamper("DELETE FROM audit_events").await;
    t.tamper(&format!("UPDATE audit_heads SET sequence = 0, hash = {}", t.database.zero_hash_sql())).await;
    assert_eq!(fault(&t).await, Some(Fault::Empty));
    t.tamper("DELETE FROM audit_heads").await;
    assert_eq!(fault(&t).await, Some(Fault::Headless));
}

#[tokio::test]
async fn event_before_the_first_is_reported() {
    for number in [0, -3] {
        let t = with_a_log().await;
        let insert = copied(&t, &number.to_string(), "WHERE sequence = 1");
        let tx = t.app.db.begin().await.expect("a transaction");
        tx.execute_unprepared(&insert).await.expect_err("the table refuses it");
        drop(tx);
        let unchecked = t.database.by_engine(
            "PRAGMA ignore_check_constraints = ON",
            "ALTER TABLE audit_events DROP CONSTRAINT audit_events_sequence_check",
        );
        t.tamper(&format!("{unchecked}; {insert}")).await;
        assert!(matches!(fault(&t).await, Some(Fault::BeforeFirst { sequence, .. }) if sequence == number), "{number}");
    }
}

#[tokio::test]
async fn target_without_type_is_detected() {
    for change in ["target_id = 'key_x'", "target_name = 'Another'", "target_type = ''"] {
        let t = with_a_log().await;
        t.owner().await.put("/api/v1/settings/api-keys", serde_json::json!({ "enabled": false })).await.is(200);
        assert_eq!(fault(&t).await, None);
        t.tamper(&format!("UPDATE audit_events SET {change} WHERE action = 'settings.api_keys.updated'")).await;
        assert!(matches!(fault(&t).await, Some(Fault::Altered { .. })), "{change}");
    }
}

#[tokio::test]
async fn log_of_another_workspace_is_reported_at_its_first_event() {
    let t = with_a_log().await;
    let (other, _) = t.other_workspace().await;
    let deferred = t.database.by_engine("PRAGMA defer_foreign_keys = ON;", "");
    t.tamper(&format!(
        "{deferred} \
         CREATE TEMP TABLE pair AS SELECT a.workspace_id AS mine, b.workspace_id AS theirs, b.sequence, b.hash \
         FROM audit_heads a JOIN audit_heads b ON a.workspace_id <> b.workspace_id; \
         UPDATE audit_heads SET (sequence, hash) = (SELECT sequence, hash FROM pair WHERE mine = workspace_id); \
         UPDATE audit_events SET sequence = sequence + 1000; \
         UPDATE audit_events SET workspace_id = (SELECT theirs FROM pair WHERE mine = workspace_id), sequence = sequence + 1000 * \
         (SELECT rank FROM (SELECT mine, row_number() OVER (ORDER BY mine) AS rank FROM pair) ranked WHERE mine = workspace_id); \
         UPDATE audit_events SET sequence = sequence % 1000",
    ))
    .await;
    for workspace in [t.workspace.id, other.id] {
        let verdict = verify(&t.app.db, workspace).await.expect("a verdict");
        assert!(matches!(verdict.fault, Some(Fault::Foreign { .. })), "{verdict:?}");
        assert_eq!(verdict.events, 0);
    }
}

#[tokio::test]
async fn fault_in_one_workspace_does_not_affect_another() {
    let t = with_a_log().await;
    let (other, _) = t.other_workspace().await;
    t.tamper("UPDATE audit_events SET actor_name = 'Somebody Else' WHERE sequence = 5").await;
    assert_eq!(sequence(fault(&t).await), 5);
    assert_eq!(verify(&t.app.db, other.id).await.expect("a verdict").fault, None);
}
