//! The feed: every event once and in order, and a wake-up for a reader that has read all.

use futures_util::FutureExt;
use kit::http::Paging;
use kit::random::Random;
use kit::wakeups::Woken;
use planeconnection::app::App;
use planeconnection::audit::feed::{self, Batch, CommitPoll};
use planeconnection::audit::{Action, AuditContext, AuditedTx, EventFilter, list};
use planeconnection::config::Config;
use planeconnection::workspaces::WorkspaceId;
use serde_json::json;

use crate::support::TestApp;

async fn begin(app: &App, workspace: WorkspaceId) -> AuditedTx {
    let mut tx = AuditedTx::begin(app, workspace, AuditContext::operator("test")).await.expect("a transaction");
    tx.record(Action::KeyUsed, None, json!({}));
    tx
}

async fn write(app: &App, workspace: WorkspaceId) {
    begin(app, workspace).await.commit().await.expect("a commit");
}

async fn read(t: &TestApp, actions: &[Action], cursor: i64, limit: u64) -> Batch {
    feed::read(t.app.db.read(), t.workspace.id, actions, cursor, limit).await.expect("events")
}

/// Returns the number of events.
async fn head(t: &TestApp) -> i64 {
    let all = list(t.app.db.read(), t.workspace.id, &EventFilter::default(), Paging::page(1, 1)).await;
    i64::try_from(all.expect("a page").number.expect("a numbered page").total).expect("a number of events")
}

#[tokio::test]
async fn events_after_a_cursor_come_in_order_without_gaps() {
    let t = TestApp::new().await;
    for _ in 0..7 {
        write(&t.app, t.workspace.id).await;
    }
    let (mut cursor, mut sequences) = (0, Vec::new());
    loop {
        let batch = read(&t, Action::ALL, cursor, 3).await;
        assert!(batch.events.len() <= 3);
        if batch.events.is_empty() {
            assert_eq!((batch.next, batch.latest), (cursor, cursor), "the end");
            break;
        }
        cursor = batch.next;
        sequences.extend(batch.events.into_iter().map(|event| event.sequence));
    }
    assert_eq!(sequences, (1..=head(&t).await).collect::<Vec<_>>());
}

#[tokio::test]
async fn cursor_moves_past_events_of_other_actions() {
    let t = TestApp::new().await;
    let before = head(&t).await;
    write(&t.app, t.workspace.id).await;
    t.tamper("UPDATE audit_events SET action = 'trip.created' WHERE action = 'api_key.used'").await;
    write(&t.app, t.workspace.id).await;
    let batch = read(&t, &[Action::TripCreated], 0, 10).await;
    assert_eq!(batch.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [before + 1]);
    assert_eq!((batch.next, batch.latest), (before + 2, before + 2));
    let full = read(&t, &[Action::TripCreated], 0, 1).await;
    assert_eq!((full.next, full.latest), (before + 1, before + 2), "after the last of a full batch");
}

#[tokio::test]
async fn concurrent_writers_leave_no_gap_behind_a_reader() {
    let t = TestApp::new().await;
    let mut cursor = head(&t).await;
    let writers = (0..4).map(|_| {
        let (app, workspace) = (t.app.clone(), t.workspace.id);
        tokio::spawn(async move {
            for _ in 0..5 {
                write(&app, workspace).await;
            }
        })
    });
    let writers = futures_util::future::join_all(writers);
    let end = cursor + 20;
    let reader = async {
        let mut subscription = feed::subscribe(&t.app, t.workspace.id);
        while cursor < end {
            for event in read(&t, Action::ALL, cursor, 500).await.events {
                assert_eq!(event.sequence, cursor + 1);
                cursor = event.sequence;
            }
            if cursor < end {
                assert_eq!(subscription.woken().await, Woken::ByWrite);
            }
        }
    };
    let (written, ()) = tokio::join!(writers, reader);
    assert!(written.into_iter().all(|writer| writer.is_ok()));
}

#[tokio::test]
async fn only_a_commit_wakes_a_reader_and_shows_its_events() {
    let t = TestApp::new().await;
    let (workspace, cursor) = (t.workspace.id, head(&t).await);
    let mut subscription = feed::subscribe(&t.app, workspace);
    drop(begin(&t.app, workspace).await);
    assert_eq!(subscription.woken().now_or_never(), None, "rolled back");
    assert!(read(&t, Action::ALL, cursor, 10).await.events.is_empty());

    let (other, _) = t.other_workspace().await;
    write(&t.app, other.id).await;
    assert_eq!(subscription.woken().now_or_never(), None, "another workspace");

    write(&t.app, workspace).await;
    assert_eq!(subscription.woken().now_or_never(), Some(Woken::ByWrite));
    assert_eq!(read(&t, Action::ALL, cursor, 10).await.events.len(), 1);
}

#[tokio::test]
async fn poll_wakes_readers_of_what_another_process_committed() {
    let t = TestApp::new().await;
    let other =
        App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(9)).await.expect("a database");
    let (theirs, _) = t.other_workspace().await;
    let [mut reader, mut of_others] = [t.workspace.id, theirs.id].map(|workspace| feed::subscribe(&t.app, workspace));
    let poll = CommitPoll::default();
    poll.run(&t.app).await.expect("a poll");
    for woken in [reader.woken().now_or_never(), of_others.woken().now_or_never()] {
        assert_eq!(woken, Some(Woken::ByWrite), "something may have happened before the first poll");
    }
    write(&other, t.workspace.id).await;
    assert_eq!(reader.woken().now_or_never(), None, "not yet known");
    poll.run(&t.app).await.expect("a poll");
    assert_eq!(reader.woken().now_or_never(), Some(Woken::ByWrite));
    assert_eq!(of_others.woken().now_or_never(), None, "another workspace");
    poll.run(&t.app).await.expect("a poll");
    assert_eq!(reader.woken().now_or_never(), None, "nothing new");
}
