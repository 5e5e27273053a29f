//! Errors of a Postgres server and of the way to it.

use std::io;
use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement};
use testkit::postgres::Server;
use testkit::{Site, until};

use super::caller::Call;
use super::commits::{CommitProxy, Commits};
use super::disk::Disk;
use super::trial::{Expected, Trial};
use crate::BINARY;

/// A trial on a Postgres server behind a [`CommitProxy`].
struct ProxiedTrial {
    // Dropped in this order: the node, then its server, then the disk below.
    trial: Trial,
    proxy: CommitProxy,
    server: Server,
    disk: Option<Disk>,
}

impl ProxiedTrial {
    fn new() -> Self {
        let server = Server::start_with(&["autovacuum=off"]).expect("a Postgres server, which is Debian's package postgresql");
        Self::started(server, None)
    }

    fn started(server: Server, disk: Option<Disk>) -> Self {
        let site = Site::on_server(BINARY, &server.url("postgres"));
        let proxy = CommitProxy::to(server.port());
        let mut trial = Trial::of(site, Disk::folder());
        trial.url = Some(proxy.url(&trial.site.url()));
        trial.start();
        Self { trial, proxy, server, disk }
    }
}

/// A statement of the server's operator.
fn operate(server: &Server, sql: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let done = runtime.block_on(async {
        // The timeout under test must not apply here, not even to a first statement that lifts it: one that fires at
        // the end of a statement cancels the next.
        let mut options = ConnectOptions::new(format!("{}?options=-c%20statement_timeout=0", server.url("postgres")));
        let connection = Database::connect(options.max_connections(1).clone()).await?;
        let done = connection.execute_unprepared(sql).await;
        connection.close().await?;
        done
    });
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Ends every connection but the operator's own.
fn terminate(server: &Server) {
    operate(
        server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
}

#[test]
fn repeatedly_terminated_backends() {
    let ProxiedTrial { server, proxy: _proxy, mut trial, .. } = ProxiedTrial::new();
    trial.everything_works();
    trial.drive(|_| {
        for _ in 0..100 {
            terminate(&server);
        }
    });
    trial.heals();
    trial.revoked_keys_stay_refused();
    trial.restarts();
    trial.report("backends terminated a hundred times");
}

#[test]
fn statement_timeout_of_a_millisecond() {
    let ProxiedTrial { server, proxy: _proxy, mut trial, .. } = ProxiedTrial::new();
    let limit = |value: &str| {
        operate(&server, &format!("ALTER SYSTEM SET statement_timeout = '{value}'"));
        operate(&server, "SELECT pg_reload_conf()");
        terminate(&server);
    };
    trial.survives("statement_timeout of a millisecond", Expected::GOES_ON, |_| limit("1ms"), |_| limit("0"));
}

#[test]
fn read_only_server() {
    let ProxiedTrial { server, proxy: _proxy, mut trial, .. } = ProxiedTrial::new();
    let limit = |value: &str| {
        operate(&server, &format!("ALTER SYSTEM SET default_transaction_read_only = '{value}'"));
        operate(&server, "SELECT pg_reload_conf()");
    };
    trial.survives("read-only server", Expected::refused("it is read-only"), |_| limit("on"), |_| limit("off"));
}

/// Writers of one workspace wait for each other; with this isolation, the server would end all but the first of them.
#[test]
fn serializable_transactions_by_default() {
    let server = Server::start_with(&["autovacuum=off", "default_transaction_isolation=serializable"]);
    let ProxiedTrial { server: _server, proxy: _proxy, mut trial, .. } =
        ProxiedTrial::started(server.expect("a Postgres server"), None);
    trial.everything_works();
    trial.drive(|trial| {
        let written = trial.totals().writes;
        until("writes are answered", || trial.totals().writes > written + 100);
    });
    assert_eq!(trial.totals().unavailable, 0);
    trial.report("serializable transactions by default");
}

#[test]
fn full_tablespace() {
    let Some(disk) = Disk::mount(48) else { return };
    let server = Server::start_with(&["autovacuum=off"]).expect("a Postgres server");
    let site = Site::on_server(BINARY, &server.url("postgres"));
    let space = disk.path().join("space");
    std::fs::create_dir(&space).expect("a folder");
    give_to_owner_of(server.folder(), &space);
    let name = site.url().rsplit('/').next().expect("a name").to_owned();
    operate(&server, &format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    operate(&server, &format!("ALTER DATABASE {name} SET TABLESPACE small"));
    let mut trial = Trial::of(site, Disk::folder());
    trial.start();
    trial.survives("full tablespace", Expected::refused("disk is full"), |_| disk.fill(), |_| disk.free());
}

#[test]
fn full_disk_of_the_write_ahead_log() {
    let Some(disk) = Disk::mount(160) else { return };
    let settings = ["autovacuum=off", "wal_recycle=off", "max_wal_size=32MB", "checkpoint_timeout=30s"];
    let server = Server::start_in(disk.path(), &settings, |server| {
        let arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"];
        server.call("initdb", &arguments)
    });
    let ProxiedTrial { disk, server, proxy: _proxy, mut trial } =
        ProxiedTrial::started(server.expect("a Postgres server"), Some(disk));
    let disk = disk.expect("the disk");
    // The server ends itself if it cannot write its log, and comes back when there is room, or when it is started.
    let end = |_: &Trial| {
        disk.free();
        if server.pid().is_none_or(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            server.up().expect("it starts");
        }
    };
    trial.survives("full disk of the server", Expected::refused(""), |_| disk.fill(), end);
}

#[test]
fn restarted_server() {
    let ProxiedTrial { server, proxy: _proxy, mut trial, .. } = ProxiedTrial::new();
    trial.everything_works();
    trial.drive(|trial| {
        for how in ["fast", "immediate", "fast", "immediate"] {
            let written = trial.totals().writes;
            server.down(how).expect("it stops");
            server.up().expect("it starts");
            until("a write is answered", || trial.totals().writes > written + 3);
        }
    });
    trial.heals();
    trial.survives(
        "restarted, then down for a while",
        Expected::refused("the database does not answer"),
        |_| server.down("immediate").expect("it stops"),
        |_| {
            server.up().expect("it starts");
        },
    );
}

/// Commits whose outcome the node cannot know: it says so with 503.
#[test]
fn connection_lost_with_a_commit() {
    let ProxiedTrial { server: _server, proxy, mut trial, .. } = ProxiedTrial::new();
    for commits in [Commits::LostBefore, Commits::LostAfter, Commits::Silent] {
        trial.everything_works();
        let mut caller = trial.caller(&format!("{commits:?}"));
        // A key to revoke, and what can be repeated.
        assert!(caller.call(Call::CreateKey).is_done());
        for call in [Call::PostTrip, Call::UpsertTrip, Call::UpsertBatch, Call::CreateKey, Call::RevokeKey] {
            proxy.set(commits);
            let (lost, outcome) = (proxy.lost(), caller.call(call));
            proxy.set(Commits::Pass);
            assert!(outcome.is_unavailable(), "{commits:?}, {call:?}: {outcome:?}");
            assert!(proxy.lost() > lost, "{commits:?}, {call:?}: it did not commit");
            trial.heals();
        }
        // Repeated, a creation is made once, and the revocation is kept.
        assert!(caller.call(Call::Repeat).is_done());
        assert!(caller.call(Call::RevokeKey).is_done());
    }
    trial.revoked_keys_stay_refused();
    trial.restarts();
    trial.report("commits without an answer");
}

#[test]
fn connections_lost_with_commits_under_load() {
    let ProxiedTrial { server: _server, proxy, mut trial, .. } = ProxiedTrial::new();
    let begin = |_: &Trial| proxy.set(Commits::LostAfter);
    trial.survives("every commit is cut off", Expected::GOES_ON, begin, |_| proxy.set(Commits::Pass));
    assert!(proxy.lost() > 0, "nothing was cut off");
}

/// A server that follows another.
fn standby(of: &Server, name: &str, settings: &[&str]) -> io::Result<Server> {
    let port = of.port().to_string();
    Server::start_in(&std::env::temp_dir(), settings, |standby| {
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-X", "stream", "-c", "fast", "--no-sync", "-R"];
        let primary = format!("host=127.0.0.1 port={port} user=postgres application_name={name}");
        standby.call("pg_basebackup", &[&arguments[..], &["-d", &primary]].concat())
    })
}

#[test]
fn failover_to_a_synchronous_standby_loses_nothing() {
    let ProxiedTrial { server, proxy, mut trial, .. } = ProxiedTrial::new();
    let follower = standby(&server, "follower", &["autovacuum=off"]).expect("a standby");
    operate(&server, "ALTER SYSTEM SET synchronous_standby_names = 'follower'");
    operate(&server, "SELECT pg_reload_conf()");
    let end = |_: &Trial| {
        follower.call("pg_ctl", &["promote", "-w"]).expect("it is promoted");
        std::fs::write(follower.folder().join("data/postgresql.auto.conf"), "").expect("the settings");
        follower.call("pg_ctl", &["reload"]).expect("it reads them");
        proxy.redirect(follower.port());
    };
    trial.reads_from(proxy.url(&trial.site.url()));
    trial.survives(
        "failover to a synchronous standby",
        Expected::refused("the database does not answer"),
        |_| server.down("immediate").expect("it stops"),
        end,
    );
    // Its database is dropped with the trial.
    std::fs::write(server.folder().join("data/postgresql.auto.conf"), "").expect("the settings");
    server.up().expect("it starts");
}

#[test]
fn failover_to_a_lagging_standby_is_logged() {
    let ProxiedTrial { server, proxy, mut trial, .. } = ProxiedTrial::new();
    let follower = standby(&server, "follower", &["autovacuum=off"]).expect("a standby");
    trial.reads_from(proxy.url(&trial.site.url()));
    trial.everything_works();
    until("the standby has followed", || is_level(&server, &follower));
    follower.down("fast").expect("it stops");
    // Answered, and forgotten.
    trial.everything_works();
    server.down("immediate").expect("it stops");
    std::fs::remove_file(follower.folder().join("data/standby.signal")).expect("it is a standby");
    follower.up().expect("it starts");
    proxy.redirect(follower.port());
    until("the log says that answers were lost", || trial.log().contains("database lost this node's writes"));
    // What it forgot is gone; from here on everything holds again.
    let stored = trial.stored_now();
    trial.ledger().adopt(&stored);
    trial.heals();
    trial.everything_works();
    trial.revoked_keys_stay_refused();
    trial.restarts();
    trial.report("failover to a standby that was behind");
    server.up().expect("it starts");
}

/// Returns whether a standby has received everything.
fn is_level(server: &Server, follower: &Server) -> bool {
    let position = |server: &Server, function: &str| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let connection = Database::connect(server.url("postgres")).await.expect("the server");
            let sql = format!("SELECT {function}()::text");
            let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
            row.expect("an answer").and_then(|row| row.try_get_by_index::<Option<String>>(0).ok()).flatten()
        })
    };
    position(server, "pg_current_wal_lsn") == position(follower, "pg_last_wal_replay_lsn")
}

fn give_to_owner_of(folder: &Path, other: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = std::fs::metadata(folder).expect("the folder");
    chown(other, Some(owner.uid()), Some(owner.gid())).expect("an owner");
}
