//! Writes on Postgres that wait for a transaction of a frozen node: they hold up nobody else.

use kit::db::Tx;
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use testkit::KEYS;

use super::with;
use crate::support::{Client, TestApp, read_only_key};

/// Returns an open transaction that has locked rows, as that of a frozen node. `None` on SQLite, which locks no rows: its writers take
/// turns.
async fn frozen(t: &TestApp, locking: &str) -> Option<Tx> {
    let tx = t.app.core.db.begin().await.expect("a transaction");
    if tx.get_database_backend() == DbBackend::Sqlite {
        return None;
    }
    // Otherwise the server ends it after five seconds.
    tx.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await.expect("a setting");
    tx.execute_unprepared(locking).await.expect("a lock");
    Some(tx)
}

/// Waits until a transaction waits for a lock.
async fn until_one_waits(t: &TestApp) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let one_waits = async { while t.number(waiting).await == 0 {} };
    tokio::time::timeout(testkit::DEADLINE, one_waits).await.expect("a transaction waits");
}

async fn revoke(client: &Client, id: &str) {
    client.post(&format!("{KEYS}/{id}/revoke"), json!({})).await.is(200);
}

/// A write with a test key locks its row, so that changes of the key come before or after it.
#[tokio::test]
async fn change_of_a_key_that_waits_for_a_write_holds_up_no_other_workspace() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = t.key_with(with(read_only_key("Trial"), "test", json!(true))).await;
    let (_, other) = t.other_workspace().await;
    let path = |change: &str| format!("{KEYS}/{}/{change}", key.id);
    let changes: [(String, Value, u16); 3] = [
        (path("pause"), json!({}), 200),
        (path("rotate"), json!({ "revokeOldAfter": "24h" }), 201),
        (format!("{KEYS}/bulk/revoke"), json!({ "ids": [key.id] }), 200),
    ];
    for (path, body, status) in changes {
        let of_other = other.post(KEYS, read_only_key("Other")).await.is(201).text_at("/data/apiKey/id");
        let Some(write) = frozen(&t, "SELECT 1 FROM api_keys WHERE name = 'Trial' FOR SHARE").await else { return };
        let meanwhile = async {
            until_one_waits(&t).await;
            revoke(&other, &of_other).await;
            write.rollback().await.expect("the lock is released");
        };
        let (answer, ()) = tokio::join!(owner.post(&path, body), meanwhile);
        answer.is(status);
    }
}

#[tokio::test]
async fn reset_that_waits_for_a_write_in_the_sandbox_holds_up_no_write_of_the_workspace() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = t.key_with(with(read_only_key("Trial"), "test", json!(true))).await;
    let log =
        "SELECT 1 FROM audit_heads WHERE workspace_id = (SELECT id FROM workspaces WHERE sandbox_of IS NOT NULL) FOR UPDATE";
    let Some(write) = frozen(&t, log).await else { return };
    let meanwhile = async {
        until_one_waits(&t).await;
        revoke(&owner, &key.id).await;
        write.rollback().await.expect("the lock is released");
    };
    let (reset, ()) = tokio::join!(owner.post("/api/v1/sandbox/reset", json!({})), meanwhile);
    reset.is(200);
}

#[tokio::test]
async fn write_that_waits_too_long_for_another_names_the_reason() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let Some(other) = frozen(&t, "SELECT 1 FROM audit_heads FOR UPDATE").await else { return };
    let refused = owner.post(KEYS, read_only_key("Late")).await.is(503).code("UNAVAILABLE");
    assert!(refused.text_at("/error/message").starts_with("Another change took too long"), "{}", refused.text);
    other.rollback().await.expect("the lock is released");
    owner.post(KEYS, read_only_key("Late")).await.is(201);
}
