//! The database server, which people may freeze.

use std::io;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use testkit::postgres::{self, Server};

use crate::debian;

/// A running server; dropped, it is stopped and gone.
pub(super) struct Database(Server);

/// Makes sure that Postgres is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    let is_here = postgres::find("initdb").is_some();
    is_here || debian::install_without_service("postgresql", "postgresql", "the cluster needs Postgres")
}

impl Database {
    pub(super) fn start() -> io::Result<Self> {
        Server::start().map(Self)
    }

    /// As `--database` takes it.
    pub(super) fn url(&self) -> String {
        self.0.url("postgres")
    }

    /// The process whose children are the server's others.
    pub(super) fn head(&self) -> Option<i32> {
        self.0.pid()
    }

    /// The path of its log.
    pub(super) fn log(&self) -> String {
        self.0.folder().join("log").display().to_string()
    }

    pub(super) fn lives(&self) -> io::Result<()> {
        let lives = self.head().and_then(Pid::from_raw).is_some_and(|head| test_kill_process(head).is_ok());
        if lives { Ok(()) } else { Err(io::Error::other("the database has ended")) }
    }

    /// Lets it go on, if it was frozen: otherwise it would not stop, and nodes that stop would wait for it.
    pub(super) fn thaw(&self) {
        let Some(head) = self.head() else { return };
        // What has ended needs no thawing, and where there is no pkill its children were frozen by other means.
        let _ended = Pid::from_raw(head).map(|head| kill_process(head, Signal::CONT));
        let _ended = Command::new("pkill").args(["-CONT", "-P", &head.to_string()]).status();
    }
}
