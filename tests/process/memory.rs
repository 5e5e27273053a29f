//! Long logs in constant memory.

use std::process::Stdio;

use planeconnection::app::App;
use planeconnection::audit::{Action, AuditContext, AuditedTx, Target, TargetKind};
use planeconnection::config::Config;
use planeconnection::workspaces;
use serde_json::json;
use testkit::{Site, until};

use crate::BINARY;

const EVENTS: u64 = 40_000;

/// The memory bound of a command for a log of any length, in kilobytes: less than the text of these events (17,000) plus
/// the base of any command (about 12,000). Pages of the binary do not count: the kernel maps as many of them as it likes.
const MOST: u64 = 24_000;

#[test]
fn long_log_is_exported_and_verified_in_constant_memory() {
    let site = Site::new(BINARY);
    tokio::runtime::Runtime::new().expect("a runtime").block_on(write(&site));
    for (arguments, least) in [
        (&["audit", "export", "--format", "ndjson"][..], EVENTS * 300),
        (&["audit", "export", "--format", "csv"], EVENTS * 200),
        (&["audit", "verify"], 10),
    ] {
        let (bytes, peak) = peak(&site, arguments);
        assert!(bytes >= least, "{arguments:?} wrote {bytes} bytes");
        assert!(peak < MOST, "{arguments:?} took {peak} kB");
    }
}

async fn write(site: &Site) {
    let app = App::open(Config::default(), site.location()).await.expect("a database");
    let workspace = workspaces::find_by_slug(app.db.read(), "skyline").await.expect("an answer").expect("a workspace");
    let numbers: Vec<u64> = (0..EVENTS).collect();
    // In parts: a transaction that is silent for five seconds is ended by Postgres, and all of these take longer to make.
    for part in numbers.chunks(1_024) {
        let mut tx = AuditedTx::begin(&app, workspace.id, AuditContext::operator("test")).await.expect("a transaction");
        for number in part {
            let target = Target::new(TargetKind::ApiKey, number, "A key of some name");
            let details = json!({ "number": number, "reason": "because it was time for another" });
            tx.record(Action::KeyUpdated, Some(target), details);
        }
        tx.commit().await.expect("a commit");
    }
}

/// Runs a command; returns the bytes it writes and the peak of its anonymous memory in kilobytes.
fn peak(site: &Site, arguments: &[&str]) -> (u64, u64) {
    let mut child = site.command(arguments).stdout(Stdio::piped()).spawn().expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).expect("a read"));
    let mut most = 0;
    let mut ended = None;
    until("the command ends", || {
        // Not there any more once the process has ended.
        let known = std::fs::read_to_string(&status).unwrap_or_default();
        let line = known.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let now: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(now.unwrap_or_default());
        ended = child.try_wait().expect("a status");
        ended.is_some()
    });
    assert!(ended.expect("a status").success());
    assert!(most > 0, "no memory of {arguments:?} was measured");
    (reader.join().expect("a reader"), most)
}
