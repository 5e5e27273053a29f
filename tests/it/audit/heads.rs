//! Heads of audit logs, to be kept elsewhere: who reports them, when, and how many.

use std::sync::Arc;
use std::time::Duration;

use planeconnection::audit::{AuditKey, SignedHead, last_link};
use planeconnection::background::{AuditHeads, Job, Schedule, attempt};
use planeconnection::config::Config;
use planeconnection::keys::Flush;

use crate::support::{Lines, TestApp};

fn key() -> Arc<AuditKey> {
    let folder = tempfile::tempdir().expect("a folder");
    Arc::new(AuditKey::open_or_make(&folder.path().join("key"), &kit::random::Random::seeded(1)).expect("a key"))
}

async fn report_heads(t: &TestApp) {
    attempt(&t.app, &AuditHeads, Flush::Regular, &mut Schedule::new(<AuditHeads as Job>::INTERVAL)).await;
}

/// The lines of the log that tell of heads, since the last time.
fn heads(lines: &Lines, reported: &mut usize) -> Vec<String> {
    let text = String::from_utf8(lines.bytes()).expect("text");
    let new: Vec<_> = text.lines().filter(|line| line.contains("audit head ")).map(str::to_owned).collect();
    let since = new[*reported..].to_vec();
    *reported = new.len();
    since
}

#[tokio::test]
async fn changed_heads_are_logged_with_signature_once_an_hour() {
    let config = Config { audit_key: Some(key()), ..Config::default() };
    let t = TestApp::with_config(config).await;
    let (_, _other) = t.other_workspace().await;
    let (lines, _logging) = Lines::of_this_thread();
    let mut reported = 0;
    report_heads(&t).await;
    let first = heads(&lines, &mut reported);
    assert_eq!(first.len(), 2, "{first:?}");
    let line = first.iter().find(|line| line.contains("skyline")).expect("its line");
    let head: SignedHead = line.parse().expect("a signed head");
    assert!(head.is_signed_by(key().public()));
    let (sequence, hash) = last_link(t.app.db.read(), t.workspace.id).await.expect("a head").expect("a head");
    assert_eq!((head.workspace, head.sequence, head.hash), (t.workspace.id, sequence, hash));

    t.key(&["trips:read"]).await;
    report_heads(&t).await;
    assert_eq!(heads(&lines, &mut reported), [""; 0], "an hour has not passed");
    t.advance(Duration::from_hours(1)).await;
    report_heads(&t).await;
    let second = heads(&lines, &mut reported);
    assert!(second.len() == 1 && second[0].contains("skyline"), "the other log has not grown: {second:?}");
    let metrics = t.metrics().await;
    assert!(metrics.contains("planeconnection_audit_logs 2"), "{metrics}");
    let (sequence, _) = last_link(t.app.db.read(), t.workspace.id).await.expect("a head").expect("a head");
    assert!(metrics.contains(&format!("planeconnection_audit_events {}", sequence + 3)), "{metrics}");
    assert!(metrics.contains("planeconnection_audit_heads_info{digest=\""), "{metrics}");
}

#[tokio::test]
async fn only_one_node_logs_heads() {
    let t = TestApp::new().await;
    t.other_node("older", "9", "2026-11-23 09:30:01+00:00").await;
    let (lines, _logging) = Lines::of_this_thread();
    let mut reported = 0;
    report_heads(&t).await;
    assert_eq!(heads(&lines, &mut reported), [""; 0], "the node that has run longest does");
    t.tamper("DELETE FROM nodes WHERE name = 'older'").await;
    report_heads(&t).await;
    let taken_over = heads(&lines, &mut reported);
    assert!(taken_over.len() == 1 && taken_over[0].contains("head=2:"), "unsigned without a key: {taken_over:?}");
}

#[tokio::test]
async fn heads_report_has_at_most_a_thousand_lines() {
    let t = TestApp::new().await;
    let (id, zeros) = (t.database.new_id_sql(), t.database.zero_hash_sql());
    let flag = t.database.by_engine("1", "TRUE");
    let numbers = t.database.by_engine(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i FROM n",
        "SELECT generate_series(1, 1500) AS i",
    );
    t.tamper(&format!(
        "INSERT INTO workspaces (id, slug, name, timezone, api_keys_enabled, created_at) \
         SELECT {id}, 'w' || i, 'w', 'UTC', {flag}, '2026-11-23 09:30:00+00:00' FROM ({numbers}) numbered; \
         INSERT INTO audit_heads (workspace_id, sequence, hash) SELECT id, 1, {zeros} FROM workspaces WHERE name = 'w'"
    ))
    .await;
    let (lines, _logging) = Lines::of_this_thread();
    let mut reported = 0;
    report_heads(&t).await;
    let first = heads(&lines, &mut reported);
    assert_eq!(first.len(), 1_000);
    t.advance(Duration::from_hours(1)).await;
    report_heads(&t).await;
    let second = heads(&lines, &mut reported);
    assert_eq!(second.len(), 501);
    let all: std::collections::HashSet<_> = first.iter().chain(&second).map(|line| line.split("workspace=").nth(1)).collect();
    assert_eq!(all.len(), 1_501, "no workspace twice");
}
