//! A [`Trial`] is a node that is called during faults of its database, and the properties that hold throughout.
//!
//! - Every acknowledged write is stored, and nothing that was not sent.
//! - A key is never accepted once its revocation returned: at once, three seconds later, after a restart.
//! - The audit log verifies.
//! - While writes are refused, `/readiness` is 503 and the log has an ERROR line; afterwards the node recovers by itself.

mod properties;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::db::Location;
use tempfile::TempDir;
use testkit::{Key, Node, Site, create_key_body};

use super::caller::{Access, Call, Caller};
use super::disk::Disk;
use super::ledger::{Ledger, Totals};
use super::shim::Shim;
use super::stored::Stored;
use crate::BINARY;

/// The minimum duration of a fault: longer than a lease.
pub const LASTS: Duration = Duration::from_millis(2_600);

/// One member and one key make all calls.
const UNLIMITED: &str = "member-reads=none,member-writes=none,member-revocations=none,member-reports=none,\
    workspace-reads=none,workspace-writes=none,key-writes=none,stored-bytes=none,active-keys=none,new-keys=none";

/// Clients that call at once: enough for several to share a commit.
const CLIENTS: usize = 12;

/// The visible effects of a fault.
#[derive(Clone, Copy)]
pub struct Expected {
    /// Writes are refused; then the node is also unready and logs an error.
    pub refuses: bool,
    /// Words of the ERROR line.
    pub words: &'static str,
}

impl Expected {
    /// Writes are refused, and the log says why.
    pub const fn refused(words: &'static str) -> Self {
        Self { refuses: true, words }
    }

    /// Writes may be refused for a moment, or not at all.
    pub const GOES_ON: Self = Self { refuses: false, words: "" };
}

/// A node, and the ledger of its responses.
pub struct Trial {
    // Dropped in this order: the node, its database, the disk below.
    node: Option<Node>,
    access: Option<Access>,
    pub site: Site,
    pub shim: Shim,
    /// The way of the node to its database, if it is another than the site's.
    pub url: Option<String>,
    /// The URL at which the test itself reads the database, if it is not the site's.
    read_url: Option<String>,
    pub ledger: Arc<Mutex<Ledger>>,
    healed: Vec<Duration>,
    drives: u64,
    pub disk: Disk,
    // Not on the disk: the switches work while that is full.
    _switches: TempDir,
}

impl Trial {
    /// On a file, on this disk.
    pub fn on(disk: Disk) -> Self {
        Self::of(Site::in_folder(BINARY, disk.path()), disk)
    }

    pub fn of(site: Site, disk: Disk) -> Self {
        let switches = TempDir::new().expect("a temporary folder");
        let shim = Shim::new(switches.path());
        Self {
            node: None,
            access: None,
            site,
            shim,
            url: None,
            read_url: None,
            ledger: Arc::default(),
            healed: Vec::new(),
            drives: 0,
            disk,
            _switches: switches,
        }
    }

    pub fn file(&self) -> PathBuf {
        match self.site.location() {
            Location::Sqlite(path) => path.clone(),
            Location::Postgres(_) => panic!("a server"),
        }
    }

    /// Starts the node, with a person and a key to call it with.
    pub fn start(&mut self) {
        self.start_with(|_| {});
    }

    /// Starts the node with a changed command.
    pub fn start_with(&mut self, prepare: impl FnOnce(&mut Command)) {
        self.run(prepare);
        let node = self.node.as_ref().expect("a node");
        let token = node.sign_in();
        let mut body = create_key_body("writer", &[]);
        body["permissions"] = "read_write".into();
        body.as_object_mut().expect("an object").remove("scopes");
        let writer = Key::from_json(&node.owner_with(&token).post("/api/v1/api-keys", &body).is(201).json["data"]);
        let mut ledger = self.ledger();
        ledger.opened(&token);
        let record = ledger.key("writer");
        record.made.set(1);
        record.key = Some(writer.clone());
        drop(ledger);
        self.access = Some(Access { address: self.node().address, token, writer });
    }

    /// Starts it again: the credentials of before are good.
    pub fn restart(&mut self) {
        self.run(|_| {});
        let address = self.node().address;
        self.access.as_mut().expect("started before").address = address;
    }

    fn run(&mut self, prepare: impl FnOnce(&mut Command)) {
        let mut serve = self.serve();
        prepare(&mut serve);
        self.node = Some(Node::start(serve));
    }

    /// The command that starts a node, with the library that injects faults.
    pub fn serve(&self) -> Command {
        let mut serve = self.site.command(&["serve", "--listen", "127.0.0.1:0"]);
        serve.env("PLANECONNECTION_LIMITS", UNLIMITED);
        if let Location::Sqlite(path) = self.site.location() {
            self.shim.load(&mut serve, &path.display().to_string());
        }
        if let Some(url) = &self.url {
            serve.env("PLANECONNECTION_DATABASE", url);
        }
        serve
    }

    pub fn node(&self) -> &Node {
        self.node.as_ref().expect("a node")
    }

    /// Goes on with the session of a client that has signed in: the oldest ones of a member are ended.
    pub fn adopt(&mut self, caller: &Caller) {
        caller.token().clone_into(&mut self.access.as_mut().expect("a node that was started").token);
    }

    pub fn access(&self) -> &Access {
        self.access.as_ref().expect("a node that was started")
    }

    pub fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn totals(&self) -> Totals {
        self.ledger().totals
    }

    /// A client with this name.
    pub fn caller(&self, name: &str) -> Caller {
        Caller::new(name, 7, self.access(), &self.ledger)
    }

    /// Several clients make every kind of write in turn, and others present keys, while `during` runs and until it ends.
    pub fn drive(&mut self, during: impl FnOnce(&Self)) {
        self.drives += 1;
        let (trial, is_over) = (&*self, AtomicBool::new(false));
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (is_over, name) = (&is_over, format!("{}.{client}", trial.drives));
                scope.spawn(move || {
                    let mut caller = trial.caller(&name);
                    for call in Call::WRITES.into_iter().cycle().skip(client * 2) {
                        if is_over.load(Ordering::Acquire) {
                            break;
                        }
                        caller.call(call);
                        caller.call(Call::WhoAmI);
                        caller.call(Call::Session);
                    }
                });
            }
            // However `during` ends.
            let ends = Ends(&is_over);
            during(trial);
            drop(ends);
        });
    }

    /// Stops the node as an operator does.
    #[track_caller]
    pub fn stops(&mut self) {
        let (status, _, stderr) = self.node.take().expect("a node").stop();
        assert!(status.success(), "it stopped with {status}: {stderr}");
    }

    pub fn kill(&mut self) {
        if let Some(node) = self.node.take() {
            node.kill();
        }
    }

    /// Waits until the node has been killed by a fault; false if it has not been by then.
    pub fn was_killed(&mut self) -> bool {
        self.node.take().expect("a node").wait_for_exit().0.code().is_none()
    }

    /// Reads the database while no node runs.
    pub fn stored(&self) -> Stored {
        assert!(self.node.is_none(), "a node is running");
        self.stored_now()
    }

    /// Reads what is stored elsewhere than the site says: the server is another by then.
    pub fn reads_from(&mut self, url: String) {
        self.read_url = Some(url);
    }

    /// Reads the database; no call may be under way.
    pub fn stored_now(&self) -> Stored {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            match self.site.location() {
                Location::Sqlite(path) => Stored::in_file(path).await,
                Location::Postgres(_) => Stored::on_server(&self.read_url.clone().unwrap_or_else(|| self.site.url())).await,
            }
        })
    }

    /// The end of the node's log, without its requests.
    fn last_lines(&self) -> String {
        let log = self.node.as_ref().map(|_| self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().filter(|line| !line.contains("access_log")).collect();
        format!("its log ends: {}", lines[lines.len().saturating_sub(12)..].join("\n"))
    }

    /// The status of an answer, if there is one.
    pub fn status(&self, path: &str) -> Option<u16> {
        let mut client = testkit::Client::connect(self.access().address).ok()?;
        client.try_send("GET", path, None).ok().map(|answer| answer.status)
    }

    /// The log has an ERROR line with these words.
    pub fn has_error(&self, words: &str) -> bool {
        self.log().lines().any(|line| line.contains("ERROR") && line.contains(words))
    }

    /// The log of the node since its start.
    pub fn log(&self) -> String {
        self.node().stderr()
    }

    /// Bytes of the write-ahead log.
    pub fn log_size(&self) -> u64 {
        let log = self.file().with_extension("db-wal");
        std::fs::metadata(log).expect("a write-ahead log").len()
    }

    /// The figures of the trial, for people.
    pub fn report(&self, what: &str) {
        println!("{what}: {}; healed in {:?}", self.totals(), self.healed);
    }
}

/// Ends the clients when dropped.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
