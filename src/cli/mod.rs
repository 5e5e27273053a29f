//! The command line: each command parses, then calls what the API calls.
//!
//! Exit codes: 0 done, 1 refused or failed (one line on stderr), 2 wrong usage.
//!
//! - `serve` a node, `bounds` of its connections, `exposure` and `hardening` at its start; `demo` a throwaway one full of data (`seed` writes it)
//! - `workspace`, `members`, `keys`, `nodes`, `audit` the operator's own access, straight on the database
//! - `backup` a copy while running; `copy` from one database to another; `openapi` the document; `output` how answers are put together and printed

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
mod members;
mod nodes;
mod openapi;
mod output;
mod serve;
mod workspace;

pub use copy::tables;
pub use output::Failure;

/// API keys for an aviation operator's workspace: verified from memory, revoked everywhere at once, on record.
#[derive(Parser)]
#[command(
    name = "planeconnection",
    version,
    after_help = "Every flag can also be set by the environment variable named beside it."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a node
    Serve(serve::Serve),
    /// Run a throwaway node in a temporary folder, full of believable data
    Demo(demo::Demo),
    /// Make workspaces
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// See and change the people of a workspace
    #[command(subcommand)]
    Members(members::Command),
    /// See and change the API keys of a workspace; running nodes obey at once
    #[command(subcommand)]
    Keys(keys::Command),
    /// See the nodes that serve a database
    #[command(subcommand)]
    Nodes(nodes::Command),
    /// Verify or write out the audit log of a workspace
    #[command(subcommand)]
    Audit(audit::Command),
    /// Write a consistent copy of the database to FILE while nodes go on
    Backup(backup::Backup),
    /// Copy everything from one database to another, such as from SQLite to Postgres
    Copy(copy::Copy),
    /// Print the OpenAPI 3.1 document
    Openapi(openapi::Openapi),
}

/// How long a node waits at its start for a server that does not answer yet.
const STARTING: Duration = Duration::from_secs(30);

/// Which database.
#[derive(clap::Args)]
struct Database {
    /// Where the data is: <sqlite://FILE> or <postgres://USER:PASSWORD@HOST:PORT/DATABASE>
    #[arg(
        long,
        env = "PLANECONNECTION_DATABASE",
        default_value = "sqlite://planeconnection.db",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Location,
    /// A file with that URL in it, so that its password is neither an argument nor a variable
    #[arg(long, env = "PLANECONNECTION_DATABASE_FILE", value_name = "FILE", conflicts_with = "database")]
    database_file: Option<PathBuf>,
}

/// Which workspace of which database.
#[derive(clap::Args)]
struct InWorkspace {
    #[command(flatten)]
    database: Database,
    /// The workspace's slug
    #[arg(long, env = "PLANECONNECTION_WORKSPACE", value_name = "SLUG")]
    workspace: String,
}

impl From<Location> for Database {
    fn from(database: Location) -> Self {
        Self { database, database_file: None }
    }
}

impl Database {
    /// Where it is, as the argument or the file says.
    fn location(&self) -> Result<Location, Failure> {
        let Some(file) = &self.database_file else { return Ok(self.database.clone()) };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::refused(format!("cannot read --database-file {}: {error}", file.display())))?;
        // What is not understood may hold the password: the error does not repeat it.
        text.trim().parse().map_err(|error| Failure::usage(format!("--database-file {}: {error}", file.display())))
    }

    /// Opens a database that is there already, for a command that works on it.
    async fn open(&self) -> Result<App, Failure> {
        if let Location::Sqlite(path) = &self.location()?
            && !path.exists()
        {
            return Err(Failure::refused(format!(
                "there is no database at {}: make one with `planeconnection workspace create`",
                path.display()
            )));
        }
        self.open_or_make(Config::default()).await
    }

    /// Opens the database, which need not be there yet.
    async fn open_or_make(&self, config: Config) -> Result<App, Failure> {
        let location = self.location()?;
        let opened = App::open(config, &location).await;
        opened.map_err(|error| cannot_open(&location, &error))
    }

    /// The same for a node, which may be started together with its server: that is given time to come up.
    async fn open_when_it_can(&self, config: Config) -> Result<App, Failure> {
        let (location, until) = (self.location()?, Instant::now() + STARTING);
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

/// Whoever runs the command, by the name the system knows them by.
fn operator() -> AuditContext {
    let name =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    AuditContext::operator(&name.unwrap_or_else(|| "operator".to_owned()))
}

/// A URL that is not understood may hold a password, and any other value a key: neither is repeated.
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

/// Keeps a file-size limit from killing the process: a write past it fails instead, and is handled like a full disk.
fn ignore_file_size_signal() -> std::io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
}

/// Parses the arguments and runs the command.
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
