//! Errors of the file system below a SQLite file.

use std::cell::RefCell;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::json;
use testkit::{Client, TRIPS, WHOAMI, until};

use super::caller::Call;
use super::disk::Disk;
use super::shim::{Errno, Failing, Files};
use super::trial::{Expected, Trial};

/// Megabytes of a small file system: room for the calls before a fault, and for a database twice.
const SMALL: u32 = 32;

fn started(disk: Disk) -> Trial {
    let mut trial = Trial::on(disk);
    trial.start();
    trial
}

/// Calls on the files of the database fail as said, for as long as the fault lasts.
#[track_caller]
fn survives_failing(what: &str, files: Files, failing: Failing, expected: Expected) {
    let mut trial = started(Disk::folder());
    trial.survives(what, expected, |trial| trial.shim.fail(files, failing), |trial| trial.shim.clear());
    assert!(trial.shim.failed() > 0, "nothing failed");
}

#[test]
fn full_file_system() {
    let Some(disk) = Disk::mount(SMALL) else { return };
    let mut trial = started(disk);
    trial.survives(
        "full file system",
        Expected::refused("the disk is full: nothing can be written"),
        |trial| trial.disk.fill(),
        |trial| trial.disk.free(),
    );
}

#[test]
fn repeatedly_full_file_system() {
    let Some(disk) = Disk::ext4(SMALL) else { return };
    let mut trial = started(disk);
    trial.everything_works();
    trial.drive(|trial| {
        for _ in 0..3 {
            let refused = trial.totals().unavailable;
            trial.disk.fill();
            until("a write is refused", || trial.totals().unavailable > refused);
            trial.disk.free();
            let written = trial.totals().writes;
            until("a write is answered", || trial.totals().writes > written + 3);
        }
    });
    trial.heals();
    trial.revoked_keys_stay_refused();
    trial.restarts();
    trial.report("full and freed again and again");
}

#[test]
fn file_size_limit() {
    let mut trial = started(Disk::folder());
    let limit = |trial: &Trial, bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(trial.node().pid()), Resource::Fsize, limit).expect("a limit");
    };
    let expected = Expected::refused("the disk reports errors");
    trial.survives("file-size limit", expected, |trial| limit(trial, Some(trial.log_size())), |trial| limit(trial, None));
}

#[test]
fn keys_are_verified_while_reads_hang() {
    let trial = started(Disk::folder());
    let key = &trial.access().writer;
    let trip = json!({
        "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2027-01-01T10:00:00Z",
        "arrivalDate": "2027-01-01T12:00:00Z",
    });
    // What the connections for reads have in memory is out of date after a write.
    trial.node().with_key(key).post(TRIPS, &trip).is(201);
    trial.shim.hang();
    let mut lists = Vec::new();
    // One that is alone, and then more than there are threads for reads.
    for (count, hanging) in [(1, 1), (63, 8)] {
        for _ in 0..count {
            let mut list = trial.node().with_key(key);
            let head = list.head("GET", TRIPS);
            list.write(format!("{head}\r\n").as_bytes()).expect("a request");
            lists.push(list);
        }
        until("reads hang", || trial.shim.hanging() >= hanging);
        for _ in 0..10 {
            trial.node().with_key(key).get(WHOAMI).is(200);
            trial.node().anonymous().header("x-api-key", "pck_unknown").get(WHOAMI).is(401);
        }
    }
    assert!(!lists.iter().any(Client::has_response), "reads do not hang");
    trial.shim.clear();
    for list in &mut lists {
        list.read_response().expect("a response").is(200);
    }
}

#[test]
fn failing_writes() {
    let failing = Failing { write: Some(Errno::Io), ..Failing::default() };
    survives_failing("every write fails", Files::ALL, failing, Expected::refused("the disk reports errors"));
}

#[test]
fn writes_that_fail_halfway() {
    let failing = Failing { write: Some(Errno::Full), torn: true, ..Failing::default() };
    survives_failing(
        "every write to the write-ahead log fails halfway",
        Files::LOG,
        failing,
        Expected::refused("the disk is full: nothing can be written"),
    );
}

#[test]
fn some_writes_that_fail_halfway() {
    let failing = Failing { write: Some(Errno::Io), torn: true, one_in: 20, ..Failing::default() };
    survives_failing("one write in twenty fails halfway", Files::ALL, failing, Expected::GOES_ON);
}

#[test]
fn failing_writes_of_the_checkpoint() {
    let failing = Failing { write: Some(Errno::Io), sync: Some(Errno::Io), ..Failing::default() };
    survives_failing("the write-ahead log cannot be written back", Files::DATABASE, failing, Expected::GOES_ON);
}

#[test]
fn failing_syncs() {
    let failing = Failing { sync: Some(Errno::Io), ..Failing::default() };
    survives_failing("every sync fails", Files::ALL, failing, Expected::refused("the disk reports errors"));
}

#[test]
fn some_syncs_that_fail() {
    let failing = Failing { sync: Some(Errno::Io), one_in: 3, ..Failing::default() };
    survives_failing("one sync in three fails", Files::ALL, failing, Expected::GOES_ON);
}

#[test]
fn failing_reads() {
    let failing = Failing { read: Some(Errno::Io), ..Failing::default() };
    survives_failing("every read fails", Files::ALL, failing, Expected::GOES_ON);
}

#[test]
fn some_reads_that_fail() {
    let failing = Failing { read: Some(Errno::Io), one_in: 5, ..Failing::default() };
    survives_failing("one read in five fails", Files::ALL, failing, Expected::GOES_ON);
}

#[test]
fn everything_fails() {
    let failing = Failing { write: Some(Errno::Io), sync: Some(Errno::Io), read: Some(Errno::Io), ..Failing::default() };
    survives_failing("every write, sync and read fails", Files::ALL, failing, Expected::refused("the disk reports errors"));
}

#[test]
fn remounted_read_only_file_system() {
    let failing = Failing { write: Some(Errno::ReadOnly), sync: Some(Errno::ReadOnly), ..Failing::default() };
    survives_failing("read-only file system", Files::ALL, failing, Expected::refused("the disk reports errors"));
}

/// The kernel does so after an error of the disk. Such a file system has to be repaired, and then the node be started again.
#[test]
fn file_system_made_read_only_by_the_kernel() {
    let Some(disk) = Disk::ext4(SMALL) else { return };
    let mut trial = started(disk);
    trial.everything_works();
    // While no call is under way: Linux lets a sync succeed then that has stored nothing. Seen 3 of 60 times, on 6.18, with a
    // program of twenty lines.
    trial.disk.remount("abort");
    let before = trial.totals();
    trial.drive(|trial| {
        until("a write is refused", || trial.totals().unavailable > before.unavailable);
        trial.expects("/readiness is 503", || trial.status("/readiness") == Some(503));
        trial.expects("the log says why", || trial.has_error("the disk reports errors"));
    });
    trial.revoked_keys_stay_refused();
    trial.kill();
    trial.disk.repair();
    trial.restart();
    trial.heals();
    trial.restarts();
    trial.report("file system that the kernel made read-only");
}

#[test]
fn lock_held_by_another_process() {
    let mut trial = started(Disk::folder());
    let lock = RefCell::new(None);
    let expected = Expected::refused("another process holds the lock");
    trial.survives(
        "locked by another process",
        expected,
        |trial| *lock.borrow_mut() = Some(trial.site.lock_writes()),
        |_| {
            lock.take().expect("the lock").release();
        },
    );
}

/// The database and what lies beside it.
fn files(trial: &Trial) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", trial.file().display())))
}

/// Each of the files under another name.
fn moved(trial: &Trial) -> [(PathBuf, PathBuf); 3] {
    files(trial).map(|file| (file.clone(), file.with_added_extension("moved")))
}

#[test]
fn file_moved_away_and_back() {
    let mut trial = started(Disk::folder());
    let away = |trial: &Trial| moved(trial).iter().for_each(|(from, to)| std::fs::rename(from, to).expect("a name"));
    let back = |trial: &Trial| moved(trial).iter().for_each(|(from, to)| std::fs::rename(to, from).expect("a name"));
    trial.survives("database moved away", Expected::refused("deleted, moved or replaced"), away, back);
}

#[test]
fn file_replaced_by_another() {
    let mut trial = started(Disk::folder());
    let replace = |trial: &Trial| {
        let [(file, moved), ..] = moved(trial);
        std::fs::copy(&file, file.with_added_extension("copy")).expect("a copy");
        std::fs::rename(&file, moved).expect("a name");
        std::fs::rename(file.with_added_extension("copy"), file).expect("a name");
    };
    let back = |trial: &Trial| {
        let [(file, moved), ..] = moved(trial);
        std::fs::rename(moved, file).expect("a name");
    };
    trial.survives("database replaced by another file", Expected::refused("deleted, moved or replaced"), replace, back);
}

#[test]
fn no_write_succeeds_once_the_file_is_deleted() {
    for (which, count) in [("database", 3), ("write-ahead log", 1)] {
        let mut trial = started(Disk::folder());
        trial.everything_works();
        let [file, log, index] = files(&trial);
        for file in if count == 3 { vec![file, log, index] } else { vec![log] } {
            std::fs::remove_file(file).expect("the file is there");
        }
        let mut caller = trial.caller("deleted");
        let answered = Call::WRITES.into_iter().filter(|call| caller.call(*call).is_done()).count();
        assert_eq!(answered, 0, "writes answered without a {which}");
        until("the node is not ready", || trial.status("/readiness") == Some(503));
        until("the log says why", || trial.has_error("deleted, moved or replaced"));
    }
}
