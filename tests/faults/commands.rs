//! Nodes and commands that start while the disk is full or read-only say so in a line, and break nothing.

use std::process::Stdio;
use std::time::Duration;

use tempfile::NamedTempFile;
use testkit::wait::within;
use testkit::{CommandOutput, Key};

use super::disk::Disk;
use super::trial::Trial;

/// Megabytes of a small file system.
const SMALL: u32 = 32;

fn started() -> Option<Trial> {
    let mut trial = Trial::on(Disk::mount(SMALL)?);
    trial.start();
    trial.everything_works();
    Some(trial)
}

/// Asserts that a command failed with one line on stderr.
#[track_caller]
fn fails(ran: &CommandOutput, words: &str) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains(words), "{ran:?}");
    assert!(ran.stderr.lines().count() == 1 && !ran.stderr.contains("panicked"), "{ran:?}");
}

#[test]
fn commands_on_a_full_disk() {
    let Some(mut trial) = started() else { return };
    let key = a_key(&trial);
    trial.disk.fill();
    fails(&trial.site.run(&["keys", "revoke", &key.id]), "the disk is full");
    fails(&trial.site.run(&["keys", "pause", &key.id]), "the disk is full");
    assert_eq!(trial.node().with_key(&key).get("/api/v1/auth/whoami").status, 200, "neither was claimed");
    let copy = trial.disk.path().join("copy.db");
    fails(&trial.site.run(&["backup", &copy.display().to_string()]), "the disk is full");
    assert!(!copy.exists(), "half a backup is left behind");
    trial.disk.free();
    trial.heals();
    trial.site.run(&["keys", "revoke", &key.id]).is(0);
    trial.site.run(&["backup", &copy.display().to_string()]).is(0);
    assert_eq!(trial.node().with_key(&key).get("/api/v1/auth/whoami").status, 401);
}

/// A node that starts while nothing can be written says so, and takes no writes.
#[test]
fn node_that_starts_on_a_full_disk() {
    let Some(mut trial) = started() else { return };
    trial.kill();
    trial.disk.fill();
    says(&trial, "the disk is full");
    trial.disk.free();
    trial.restart();
    trial.heals();
    trial.restarts();
}

#[test]
fn node_that_starts_on_a_read_only_file_system() {
    let Some(mut trial) = started() else { return };
    let key = a_key(&trial);
    trial.kill();
    trial.disk.remount("ro");
    says(&trial, "read-only");
    fails(&trial.site.run(&["keys", "revoke", &key.id]), "read-only");
    trial.site.run(&["keys", "list"]).is(0);
    trial.disk.remount("rw");
    trial.restart();
    trial.heals();
    trial.restarts();
}

fn a_key(trial: &Trial) -> Key {
    let ledger = trial.ledger();
    let unrevoked = ledger.keys.values().filter(|record| record.revoked.is(0)).find_map(|record| record.key.clone());
    unrevoked.expect("a key")
}

/// A node that is started now says these words, whether it ends or not.
#[track_caller]
fn says(trial: &Trial, words: &str) {
    let (log, mut serve) = (NamedTempFile::new().expect("a file"), trial.serve());
    let mut node = serve.stdout(Stdio::null()).stderr(log.reopen().expect("a file")).spawn().expect("the binary runs");
    let said = || std::fs::read_to_string(log.path()).expect("the log");
    let is_said = within(Duration::from_secs(20), || said().contains(words));
    node.kill().expect("a signal");
    node.wait().expect("an end");
    assert!(is_said && !said().contains("panic"), "{}", said());
}
