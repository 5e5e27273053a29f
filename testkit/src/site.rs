//! A [`Site`] is a folder with a database and a workspace "skyline"; nodes and commands run on it.

use std::path::Path;
use std::process::Command;

use kit::db::Location;
use tokio::runtime::Runtime;

use crate::command::{CommandOutput, run};
use crate::database::{self, TestDatabase};
use crate::node::Node;
use crate::{OWNER, PASSWORD};

pub struct Site {
    /// The path of the binary under test: cargo tells it to the integration tests of the product alone.
    binary: &'static str,
    database: TestDatabase,
}

impl Site {
    /// A workspace on the engine of the suite.
    pub fn new(binary: &'static str) -> Self {
        Self::empty(binary).with_workspace()
    }

    /// No workspace, and no schema, on the engine of the suite.
    pub fn empty(binary: &'static str) -> Self {
        Self { binary, database: runtime().block_on(TestDatabase::empty()) }
    }

    /// A workspace in a file, on any engine of the suite.
    pub fn in_file(binary: &'static str) -> Self {
        Self::empty_in_file(binary).with_workspace()
    }

    /// No workspace, and no file yet.
    pub fn empty_in_file(binary: &'static str) -> Self {
        Self { binary, database: TestDatabase::in_file() }
    }

    /// A workspace in a file, in a new folder within `parent`.
    pub fn in_folder(binary: &'static str, parent: &Path) -> Self {
        Self { binary, database: TestDatabase::in_folder(parent) }.with_workspace()
    }

    /// A workspace on this Postgres server.
    pub fn on_server(binary: &'static str, url: &str) -> Self {
        Self::empty_on_server(binary, url).with_workspace()
    }

    /// No workspace, and no schema, on this Postgres server.
    pub fn empty_on_server(binary: &'static str, url: &str) -> Self {
        Self { binary, database: runtime().block_on(TestDatabase::on_server(url)) }
    }

    fn with_workspace(self) -> Self {
        self.create_workspace("skyline", OWNER).is(0);
        self
    }

    pub fn folder(&self) -> &Path {
        self.database.folder()
    }

    pub fn location(&self) -> &Location {
        self.database.location()
    }

    /// The database as `--database` takes it.
    pub fn url(&self) -> String {
        self.database.url()
    }

    /// Returns the text for the engine of this site.
    pub fn by_engine<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        self.database.by_engine(sqlite, postgres)
    }

    /// Everything that is stored, as bytes to search for secrets.
    pub fn dump(&self) -> Vec<u8> {
        runtime().block_on(self.database.dump())
    }

    /// Executes SQL behind the product's back.
    pub fn execute(&self, sql: &str) {
        runtime().block_on(self.database.execute(sql));
    }

    /// The binary with these arguments, and with an environment that names the site and nothing else.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.args(arguments).env_clear().current_dir(self.folder()).env("RUST_BACKTRACE", "0");
        command.env("PLANECONNECTION_DATABASE", self.url()).env("PLANECONNECTION_WORKSPACE", "skyline");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.run_with_input(arguments, "")
    }

    /// Runs a command to its end, with `input` on its stdin.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> CommandOutput {
        run(self.command(arguments), input)
    }

    pub fn create_workspace(&self, slug: &str, email: &str) -> CommandOutput {
        let arguments =
            ["workspace", "create", "--name", slug, "--slug", slug, "--owner-email", email, "--owner-password-stdin", "--json"];
        self.run_with_input(&arguments, PASSWORD)
    }

    /// Asserts that the hash chain of the audit log is intact.
    #[track_caller]
    pub fn verify_audit_log(&self) {
        let verdict = self.run(&["audit", "verify", "--json"]).is(0).json();
        assert_eq!(verdict["verified"], true, "{verdict}");
    }

    /// Starts a node on a free port.
    pub fn node(&self) -> Node {
        self.node_with(&[])
    }

    /// Starts a node with more arguments.
    pub fn node_with(&self, arguments: &[&str]) -> Node {
        self.node_at(&self.url(), arguments)
    }

    /// Starts a node that reaches the database by another URL.
    pub fn node_at(&self, url: &str, arguments: &[&str]) -> Node {
        let mut serve = self.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        serve.env("PLANECONNECTION_DATABASE", url);
        Node::start(serve)
    }

    /// Keeps every other process from writing until the lock is released or dropped.
    pub fn lock_writes(&self) -> WriteLock {
        let runtime = runtime();
        let lock = runtime.block_on(self.database.lock_writes());
        WriteLock { runtime, lock }
    }
}

pub struct WriteLock {
    runtime: Runtime,
    lock: database::WriteLock,
}

impl WriteLock {
    pub fn release(self) {
        self.runtime.block_on(self.lock.release());
    }
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}
