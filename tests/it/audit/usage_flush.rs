//! Flushes of the usage of thousands of keys.

use std::time::Duration;

use key_format::SecretDigest;
use planeconnection::keys::{EntryRef, Flush};
use planeconnection::scopes::Scope;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::support::TestApp;

/// More keys than are written in one transaction.
const MANY: usize = 2_500;

/// Makes them behind the product's back, and lets it know.
async fn many_keys(t: &TestApp) -> Vec<EntryRef> {
    t.key(&["trips:read"]).await;
    let engine = t.app.db.read().get_database_backend();
    let (id, digest) = match engine {
        DbBackend::Postgres => ("gen_random_uuid()", "sha256(gen_random_uuid()::text::bytea)"),
        _ => ("randomblob(16)", "randomblob(32)"),
    };
    let made = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}), \
         one AS (SELECT * FROM api_keys LIMIT 1) \
         INSERT INTO api_keys (id, workspace_id, digest, hint, name, permissions, scopes, created_at, created_by_id, \
                               created_by_name, revision) \
         SELECT {id}, workspace_id, {digest}, hint, 'Many ' || i, permissions, scopes, created_at, created_by_id, \
                created_by_name, revision + i FROM one, n"
    );
    execute(t, &[&made, "UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)"]).await;
    t.app.cluster.heartbeat().await.expect("a beat");
    let digests = Statement::from_string(engine, "SELECT digest FROM api_keys WHERE name LIKE 'Many %'");
    let rows = t.app.db.read().query_all_raw(digests).await.expect("digests");
    let entry = |row: &QueryResult| {
        let digest: Vec<u8> = row.try_get_by_index(0).expect("a digest");
        t.app.index.get(&SecretDigest(digest.try_into().expect("32 bytes"))).expect("a key")
    };
    rows.iter().map(entry).collect()
}

async fn execute(t: &TestApp, statements: &[&str]) {
    let tx = t.app.db.begin().await.expect("a transaction");
    for statement in statements {
        tx.execute_unprepared(statement).await.expect("it is done");
    }
    tx.commit().await.expect("a commit");
}

fn use_each(t: &TestApp, keys: &[EntryRef]) {
    for key in keys {
        // Two rows of counts each: of a thousand keys more than one statement takes.
        for scope in [None, Scope::all().next()] {
            t.app.recorder.allow(key, scope, [203, 0, 113, 7].into(), t.app.clock.now());
        }
    }
}

#[tokio::test]
async fn flush_writes_thousands_of_keys_with_their_events() {
    let t = TestApp::new().await;
    let keys = many_keys(&t).await;
    for _ in 0..3 {
        use_each(&t, &keys);
        t.app.recorder.flush(&t.app, Flush::Last).await;
        assert!(t.app.recorder.is_empty());
    }
    let many = i64::try_from(MANY).expect("a count");
    assert_eq!(t.number("SELECT count(*) FROM api_key_usage WHERE allowed = 3").await, 2 * many);
    assert_eq!(t.number("SELECT count(*) FROM api_key_addresses").await, many);
    assert_eq!(t.number("SELECT count(*) FROM audit_events WHERE action = 'api_key.used'").await, many);
    let verdict = planeconnection::audit::verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert!(verdict.fault.is_none(), "{:?}", verdict.fault);
}

#[tokio::test]
async fn flush_is_delayed_after_thousands_of_keys_but_not_on_shutdown() {
    let t = TestApp::new().await;
    let keys = many_keys(&t).await;
    let flush = async |which| {
        t.app.recorder.flush(&t.app, which).await;
        t.app.recorder.pending()
    };
    use_each(&t, &keys);
    assert_eq!(flush(Flush::Regular).await, 0, "nothing was written before");
    use_each(&t, &keys);
    assert_eq!(flush(Flush::Regular).await, MANY, "too soon after so many");
    assert_eq!(flush(Flush::Last).await, 0);
    use_each(&t, &keys);
    t.advance(Duration::from_mins(1)).await;
    assert_eq!(flush(Flush::Regular).await, 0, "long after");
}

#[tokio::test]
async fn unflushed_counts_are_kept_and_counted_once() {
    let t = TestApp::new().await;
    let keys = many_keys(&t).await;
    use_each(&t, &keys);
    execute(&t, &["ALTER TABLE api_key_usage RENAME TO away"]).await;
    t.app.recorder.flush(&t.app, Flush::Regular).await;
    assert_eq!(t.app.recorder.pending(), MANY);
    execute(&t, &["ALTER TABLE away RENAME TO api_key_usage"]).await;
    t.app.recorder.flush(&t.app, Flush::Regular).await;
    assert!(t.app.recorder.is_empty());
    let many = i64::try_from(MANY).expect("a count");
    assert_eq!(t.number("SELECT count(*) FROM api_key_usage WHERE allowed = 1").await, 2 * many);
}
