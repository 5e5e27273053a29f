//! The command line. Each command parses its arguments, then calls the services that the API calls.
//!
//! Exit codes: 0 success, 1 refused or failed (one line on stderr), 2 wrong usage; of `keys scan` 1 found, 2 failed.
//!
//! - `serve` runs a node: `listening` its addresses and settings, `bounds` the limits of its connections, `mail` its SMTP server,
//!   `webhook_settings` its delivery of webhooks, `exposure` and
//!   `hardening` checks at its start; `demo` a temporary node with example data (`seed` writes it)
//! - `workspace`, `members` (`member_access` their sessions, passwords and second factors), `keys` (`key_list`, `key_expiry`, `key_policy`, `scan` for leaked ones), `webhooks`, `findings`, `nodes`, `audit` the operator's access, directly on the database
//! - `api` a call of the API of any server, with a key
//! - `database` the database and workspace of a command; `output` printing and exit codes
//! - `secret_key` the key that seals secrets at rest: its file, the check at start, `secret-key new` and `rotate`
//! - `backup` a copy while nodes run; `copy` from one database to another; `openapi` the document, and collections

use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use rustix::process::Signal;

use crate::build_info::LONG_VERSION;
use key_format::scrub;

mod api;
mod audit;
mod backup;
mod bounds;
mod copy;
mod database;
mod demo;
mod exposure;
mod findings;
mod hardening;
mod key_expiry;
mod key_list;
mod key_policy;
mod keys;
mod listening;
mod mail;
mod member_access;
mod members;
mod nodes;
mod openapi;
mod output;
mod scan;
mod secret_key;
mod serve;
mod webhook_settings;
mod webhooks;
mod workspace;

pub use copy::tables;
pub use output::Failure;
pub use secret_key::sealed_columns;

/// API keys for the workspaces of aviation operators: verified in memory, revoked on every node at once, audited
#[derive(Parser)]
#[command(
    name = "planeconnection",
    version = LONG_VERSION,
    after_help = "Each flag can also be set by the environment variable shown next to it."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a node that serves the pages and the API
    Serve(Box<serve::Serve>),
    /// Run a temporary node with example data
    Demo(demo::Demo),
    /// List workspaces, or create one with its account owner
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// List and change the members of a workspace
    #[command(subcommand)]
    Members(members::Command),
    /// List and change the API keys of a workspace; running nodes apply changes at once
    #[command(subcommand)]
    Keys(keys::Command),
    /// List and change the webhooks of a workspace, and their deliveries
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// List what needs the attention of an administrator
    #[command(subcommand)]
    Findings(findings::Command),
    /// List the nodes that serve a database
    #[command(subcommand)]
    Nodes(nodes::Command),
    /// Verify or export the audit log of a workspace
    #[command(subcommand)]
    Audit(audit::Command),
    /// Make the key that seals secrets in the database, or seal them anew with another one
    #[command(subcommand)]
    SecretKey(secret_key::Command),
    /// Write a consistent copy of the database to FILE while nodes run
    Backup(backup::Backup),
    /// Copy all data from one database to another, such as from SQLite to Postgres
    Copy(copy::Copy),
    /// Call the API of a server with a key
    #[command(
        after_help = "The answer goes to stdout as it was sent, indented on a terminal. Exit code 0: 2xx or 304. 1: another answer or \
                      none, with one line on stderr. 2: wrong usage."
    )]
    Api(Box<api::Api>),
    /// Print the OpenAPI 3.1 document, or a collection of its calls for Postman or Bruno
    Openapi(openapi::Openapi),
}

/// Removes secrets from a usage error: a URL that cannot be parsed may contain a password, and anything else a key.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(value)) = error.get(kind) {
            let clean = ContextValue::String(scrub(value).into_owned());
            error.insert(kind, clean);
        }
    }
    if matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(argument)) if argument.contains("<URL>")) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
    // A suggestion repeats the argument.
    error.remove(ContextKind::Suggested);
    error
}

/// Handles SIGXFSZ, so that a write past a file-size limit fails like a write to a full disk instead of killing the process.
fn ignore_file_size_signal() -> std::io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
}

/// The time that the exit waits for threads that block.
const EXIT: Duration = Duration::from_secs(2);

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
            Command::Demo(command) => Box::pin(command.run()).await,
            Command::Workspace(command) => command.run().await,
            Command::Members(command) => command.run().await,
            Command::Keys(command) => Box::pin(command.run()).await,
            Command::Webhooks(command) => command.run().await,
            Command::Findings(command) => command.run().await,
            Command::Nodes(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::SecretKey(command) => command.run().await,
            Command::Backup(command) => command.run().await,
            Command::Copy(command) => command.run().await,
            Command::Api(command) => command.run().await,
            Command::Openapi(command) => command.run(),
        }
    });
    // A read from a disk that hangs would keep the process otherwise.
    runtime.shutdown_timeout(EXIT);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
