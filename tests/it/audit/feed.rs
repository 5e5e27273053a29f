//! The feed: every event once and in order, and a wake-up for a reader that has read all.

use std::time::Duration;

use futures_util::FutureExt;
use kit::http::Paging;
use kit::random::Random;
use planeconnection::app::App;
use planeconnection::audit::feed::{self, FeedHead};
use planeconnection::audit::{Action, AuditContext, AuditedTx, EventFilter, list};
use planeconnection::config::Config;
use planeconnection::workspaces::WorkspaceId;
use serde_json::json;

use crate::support::TestApp;

/// Longer than any test runs.
const LONG: Duration = Duration::from_mins(10);

async fn begin(app: &App, workspace: WorkspaceId) -> AuditedTx {
    let mut tx = AuditedTx::begin(app, workspace, AuditContext::operator("test")).await.expect("a transaction");
    tx.record(Action::KeyUsed, None, json!({}));
    tx
}

async fn write(app: &App, workspace: WorkspaceId) {
    begin(app, workspace).await.commit().await.expect("a commit");
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
    let (mut cursor, mut read) = (0, Vec::new());
    loop {
        let batch = feed::after(t.app.db.read(), t.workspace.id, cursor, 3).await.expect("events");
        assert!(batch.len() <= 3);
        let Some(last) = batch.last() else { break };
        cursor = last.sequence;
        read.extend(batch.into_iter().map(|event| event.sequence));
    }
    assert_eq!(read, (1..=head(&t).await).collect::<Vec<_>>());
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
        while cursor < end {
            assert!(feed::wait(&t.app, t.workspace.id, cursor, LONG).await.expect("a wake-up"));
            for event in feed::after(t.app.db.read(), t.workspace.id, cursor, 500).await.expect("events") {
                assert_eq!(event.sequence, cursor + 1);
                cursor = event.sequence;
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
    let subscription = feed::subscribe(&t.app, Some(workspace));
    drop(begin(&t.app, workspace).await);
    assert_eq!(subscription.woken().now_or_never(), None, "rolled back");
    assert!(!feed::wait(&t.app, workspace, cursor, Duration::ZERO).await.expect("no event"));
    assert!(feed::after(t.app.db.read(), workspace, cursor, 10).await.expect("events").is_empty());

    let (other, _) = t.other_workspace().await;
    write(&t.app, other.id).await;
    assert_eq!(subscription.woken().now_or_never(), None, "another workspace");

    write(&t.app, workspace).await;
    assert_eq!(subscription.woken().now_or_never(), Some(()));
    assert!(feed::wait(&t.app, workspace, cursor, Duration::ZERO).await.expect("an event"));
    assert_eq!(feed::after(t.app.db.read(), workspace, cursor, 10).await.expect("events").len(), 1);
}

#[tokio::test]
async fn waiting_reader_finds_a_commit_of_this_and_of_another_process() {
    let t = TestApp::new().await;
    let other =
        App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(9)).await.expect("a database");
    for writer in [&t.app, &other] {
        let cursor = head(&t).await;
        let (is_new, ()) = tokio::join!(feed::wait(&t.app, t.workspace.id, cursor, LONG), write(writer, t.workspace.id));
        assert!(is_new.expect("an event"));
    }
}

#[tokio::test]
async fn heads_name_the_last_event_of_every_workspace() {
    let t = TestApp::new().await;
    let (other, _) = t.other_workspace().await;
    write(&t.app, other.id).await;
    let all = feed::heads(t.app.db.read(), None, 10).await.expect("heads");
    assert!(all.contains(&FeedHead { workspace: t.workspace.id, sequence: head(&t).await }), "{all:?}");
    assert!(all.iter().any(|head| head.workspace == other.id && head.sequence > 1));
    let first = feed::heads(t.app.db.read(), None, 1).await.expect("heads");
    let second = feed::heads(t.app.db.read(), Some(first[0].workspace), 1).await.expect("heads");
    assert_eq!([first, second].concat(), all);
}
