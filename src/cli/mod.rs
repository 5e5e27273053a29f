//! The command line. Each command parses its arguments, then calls the services that the API calls.
//!
//! Exit codes: 0 success, 1 refused or failed (one line on stderr), 2 wrong usage.
//!
//! - `serve` runs a node: `listening` its addresses and settings, `bounds` the limits of its connections, `exposure` and
//!   `hardening` checks at its start; `demo` a temporary node with example data (`seed` writes it)
//! - `workspace`, `members`, `keys`, `nodes`, `audit` the operator's access, directly on the database
//! - `backup` a copy while nodes run; `copy` from one database to another; `openapi` the document; `output` printing

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use rustix::process::Signal;
use sea_orm::DbErr;
use tokio::time::Instant;

use crate::app::App;
use crate::audit::AuditContext;
use crate::config::Config;
use crate::workspaces::{self, Workspace};
use key_format::scrub;
use kit::db::{Location, may_open_later};

mod audit;
mod backup;
mod bounds;
mod copy;
mod demo;
mod exposure;
mod hardening;
mod keys;
mod listening;
mod members;
mod nodes;
mod openapi;
mod output;
mod serve;
mod workspace;

pub use copy::tables;
pub use output::Failure;

/// API keys for the workspaces of aviation operators: verified in memory, revoked on every node at once, audited
#[derive(Parser)]
#[command(
    name = "planeconnection",
    version,
    after_help = "Each flag can also be set by the environment variable shown next to it."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a node
    Serve(serve::Serve),
    /// Run a temporary node with example data
    Demo(demo::Demo),
    /// Create workspaces
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// List and change the members of a workspace
    #[command(subcommand)]
    Members(members::Command),
    /// List and change the API keys of a workspace; running nodes apply changes at once
    #[command(subcommand)]
    Keys(keys::Command),
    /// List the nodes that serve a database
    #[command(subcommand)]
    Nodes(nodes::Command),
    /// Verify or export the audit log of a workspace
    #[command(subcommand)]
    Audit(audit::Command),
    /// Write a consistent copy of the database to FILE while nodes run
    Backup(backup::Backup),
    /// Copy all data from one database to another, such as from SQLite to Postgres
    Copy(copy::Copy),
    /// Print the OpenAPI 3.1 document
    Openapi(openapi::Openapi),
}

/// The time that a starting node waits for a database server that does not respond yet.
const START_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
struct Database {
    /// Database URL: <sqlite://FILE> or <postgres://USER:PASSWORD@HOST:PORT/DATABASE>
    #[arg(
        long,
        env = "PLANECONNECTION_DATABASE",
        default_value = "sqlite://planeconnection.db",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Location,
    /// File that contains the database URL, to keep its password out of arguments and environment variables
    #[arg(long, env = "PLANECONNECTION_DATABASE_FILE", value_name = "FILE", conflicts_with = "database")]
    database_file: Option<PathBuf>,
}

#[derive(clap::Args)]
struct InWorkspace {
    #[command(flatten)]
    database: Database,
    /// Slug of the workspace
    #[arg(long, env = "PLANECONNECTION_WORKSPACE", value_name = "SLUG")]
    workspace: String,
}

impl From<Location> for Database {
    fn from(database: Location) -> Self {
        Self { database, database_file: None }
    }
}

impl Database {
    /// Returns the location from the argument or from the file.
    fn location(&self) -> Result<Location, Failure> {
        let Some(file) = &self.database_file else { return Ok(self.database.clone()) };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::refused(format!("cannot read --database-file {}: {error}", file.display())))?;
        // A URL that cannot be parsed may contain the password: the error does not repeat it.
        text.trim().parse().map_err(|error| Failure::usage(format!("--database-file {}: {error}", file.display())))
    }

    /// Opens an existing database.
    async fn open(&self) -> Result<App, Failure> {
        if let Location::Sqlite(path) = &self.location()?
            && !path.exists()
        {
            return Err(Failure::refused(format!(
                "there is no database at {}: create one with `planeconnection workspace create`",
                path.display()
            )));
        }
        self.open_or_create(Config::default()).await
    }

    /// Opens the database, and creates it if it does not exist.
    async fn open_or_create(&self, config: Config) -> Result<App, Failure> {
        let location = self.location()?;
        let opened = App::open(config, &location).await;
        opened.map_err(|error| cannot_open(&location, &error))
    }

    /// Opens the database for a node. A server may be started at the same time as the node, so failed attempts are repeated.
    async fn open_with_retry(&self, config: Config) -> Result<App, Failure> {
        let (location, until) = (self.location()?, Instant::now() + START_TIMEOUT);
        let is_server = matches!(location, Location::Postgres(_));
        let app = loop {
            match App::open(config.clone(), &location).await {
                Err(error) if is_server && may_open_later(&error) && Instant::now() < until => {
                    tracing::warn!(%error, database = %location, "the database does not answer yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                opened => break opened.map_err(|error| cannot_open(&location, &error))?,
            }
        };
        exposure::warn(&location);
        Ok(app)
    }
}

fn cannot_open(location: &Location, error: &DbErr) -> Failure {
    Failure::refused(format!("cannot open {location}: {error}"))
}

impl InWorkspace {
    async fn open(&self) -> Result<(App, Workspace), Failure> {
        let app = self.database.open().await?;
        match workspaces::find_by_slug(app.db.read(), &self.workspace).await? {
            Some(workspace) => Ok((app, workspace)),
            None => Err(Failure::refused(format!("there is no workspace with the slug “{}”", self.workspace))),
        }
    }
}

/// The audit context of the person who runs the command, by their user name on the system.
fn operator() -> AuditContext {
    let name =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    AuditContext::operator(&name.unwrap_or_else(|| "operator".to_owned()))
}

/// Removes secrets from a usage error: a URL that cannot be parsed may contain a password, and any other value a key.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let clean = ContextValue::String(scrub(value).into_owned());
        error.insert(ContextKind::InvalidValue, clean);
    }
    if matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(argument)) if argument.contains("<URL>")) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
    error
}

/// Handles SIGXFSZ, so that a write past a file-size limit fails like a write to a full disk instead of killing the process.
fn ignore_file_size_signal() -> std::io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
}

pub fn run() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| without_secrets(error).exit());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::refused(format!("cannot start: {error}")).report(),
    };
    let done = runtime.block_on(async {
        let _handled = ignore_file_size_signal();
        match cli.command {
            Command::Serve(command) => command.run().await,
            Command::Demo(command) => command.run().await,
            Command::Workspace(command) => command.run().await,
            Command::Members(command) => command.run().await,
            Command::Keys(command) => command.run().await,
            Command::Nodes(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::Backup(command) => command.run().await,
            Command::Copy(command) => command.run().await,
            Command::Openapi(command) => command.run(),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
