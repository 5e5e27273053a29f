//! The database and the workspace that a command works on, and the operator who runs it.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::io::Errno;
use sea_orm::DbErr;
use tokio::time::Instant;

use super::exposure;
use super::output::Failure;
use crate::app::App;
use crate::audit::AuditContext;
use crate::config::Config;
use crate::workspaces::{self, Workspace};
use kit::db::{Location, is_unknown_host, may_open_later};

/// The time that a starting node waits for a database server that does not respond yet.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The shorter time for a server whose name DNS does not know: it may be misspelt, or not be registered yet.
const UNKNOWN_HOST_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(super) struct Database {
    /// Database URL: <sqlite://FILE> or <postgres://USER:PASSWORD@HOST:PORT/DATABASE>
    #[arg(
        long,
        env = "PLANECONNECTION_DATABASE",
        default_value = "sqlite://planeconnection.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(super) database: Location,
    /// File that contains the database URL, to keep its password out of arguments and environment variables
    #[arg(long, env = "PLANECONNECTION_DATABASE_FILE", value_name = "FILE", conflicts_with = "database")]
    database_file: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(super) struct InWorkspace {
    #[command(flatten)]
    pub(super) database: Database,
    /// Slug of the workspace
    #[arg(long, env = "PLANECONNECTION_WORKSPACE", value_name = "SLUG")]
    workspace: String,
}

/// The database of a command that works without one as well.
#[derive(clap::Args)]
pub(super) struct AnyDatabase {
    /// Database URL: <sqlite://FILE> or <postgres://USER:PASSWORD@HOST:PORT/DATABASE>; default: planeconnection.db, if there is one
    #[arg(long, env = "PLANECONNECTION_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<Location>,
    /// File that contains the database URL, to keep its password out of arguments and environment variables
    #[arg(long, env = "PLANECONNECTION_DATABASE_FILE", value_name = "FILE", conflicts_with = "database")]
    database_file: Option<PathBuf>,
}

impl AnyDatabase {
    /// Opens the database that is named, or the default one. Returns `None` if neither exists; one that is named has to.
    pub(super) async fn open(self) -> Result<Option<App>, Failure> {
        let Self { database, database_file } = self;
        let default = Path::new(DEFAULT_FILE);
        let database = match database {
            Some(database) => database,
            None if database_file.is_none() && !default.exists() => return Ok(None),
            None => Location::Sqlite(default.to_owned()),
        };
        Database { database, database_file }.open().await.map(Some)
    }
}

/// The file of the database that commands open by default.
const DEFAULT_FILE: &str = "planeconnection.db";

impl From<Location> for Database {
    fn from(database: Location) -> Self {
        Self { database, database_file: None }
    }
}

impl Database {
    /// Returns the location from the argument or from the file.
    pub(super) fn location(&self) -> Result<Location, Failure> {
        let Some(file) = &self.database_file else { return Ok(self.database.clone()) };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::refused(format!("cannot read --database-file {}: {error}", file.display())))?;
        // A URL that cannot be parsed may contain the password: the error does not repeat it.
        text.trim().parse().map_err(|error| Failure::usage(format!("--database-file {}: {error}", file.display())))
    }

    /// Returns the path of a SQLite database with a suffix: the default of files that belong to it. A server has none.
    pub(super) fn beside(&self, suffix: &str) -> Result<Option<PathBuf>, Failure> {
        let Location::Sqlite(path) = self.location()? else { return Ok(None) };
        let mut name = path.into_os_string();
        name.push(suffix);
        Ok(Some(PathBuf::from(name)))
    }

    /// Fails if a new database file cannot be created, before anything is written beside it. An existing file may be opened on
    /// a read-only file system.
    pub(super) fn require_access(&self) -> Result<(), Failure> {
        let location = self.location()?;
        let Location::Sqlite(path) = &location else { return Ok(()) };
        if path.is_file() {
            return Ok(());
        }
        missing_access(path, DATABASE).map_or(Ok(()), |reason| Err(cannot_open(&location, reason)))
    }

    /// Opens an existing database.
    pub(super) async fn open(&self) -> Result<App, Failure> {
        self.open_with(Config::default()).await
    }

    async fn open_with(&self, config: Config) -> Result<App, Failure> {
        if let Location::Sqlite(path) = &self.location()?
            && !path.exists()
        {
            return Err(Failure::refused(format!(
                "there is no database at {}: create one with `planeconnection workspace create`",
                path.display()
            )));
        }
        self.open_or_create(config).await
    }

    /// Opens the database, and creates it if it does not exist.
    pub(super) async fn open_or_create(&self, config: Config) -> Result<App, Failure> {
        let location = self.location()?;
        let opened = App::open(config, &location).await;
        opened.map_err(|error| not_opened(&location, &error))
    }

    /// Opens the database for a node. A server may be started at the same time as the node, so failed attempts are repeated.
    pub(super) async fn open_with_retry(&self, config: Config) -> Result<App, Failure> {
        let (location, begun) = (self.location()?, Instant::now());
        let timeout = |error: &DbErr| if is_unknown_host(error) { UNKNOWN_HOST_TIMEOUT } else { START_TIMEOUT };
        let is_server = matches!(location, Location::Postgres(_));
        let app = loop {
            match App::open(config.clone(), &location).await {
                Err(error) if is_server && may_open_later(&error) && begun.elapsed() < timeout(&error) => {
                    tracing::warn!(%error, database = %location, "the database does not answer yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                opened => break opened.map_err(|error| not_opened(&location, &error))?,
            }
        };
        exposure::warn(&location);
        Ok(app)
    }
}

fn cannot_open(location: &Location, reason: impl Display) -> Failure {
    Failure::refused(format!("cannot open {location}: {reason}"))
}

/// Returns the failure of an attempt to open a database.
pub(super) fn not_opened(location: &Location, error: &DbErr) -> Failure {
    match location {
        Location::Sqlite(path) if let Some(reason) = missing_access(path, DATABASE) => {
            cannot_open(location, format!("{reason} ({error})"))
        }
        _ => cannot_open(location, error),
    }
}

/// The way to name another database file.
const DATABASE: &str = "choose another file with --database";

/// Finds out why a file cannot be opened or created: the error of the system does not name the folder or the user. `otherwise`
/// says how to name another file.
pub(super) fn missing_access(path: &Path, otherwise: &str) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let (shown, user) = (folder.display(), user());
    if path.is_dir() {
        return Some("this is a folder; name a file in it".to_owned());
    }
    if !folder.exists() {
        return Some(format!("the folder {shown} does not exist; create it, or {otherwise}"));
    }
    match access(&folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => {}
        Err(Errno::ROFS) => return Some(format!("the file system of the folder {shown} is read-only")),
        Err(_) => return Some(format!("{user} may not write to the folder {shown}")),
    }
    if path.exists() && access(path, Access::READ_OK | Access::WRITE_OK).is_err() {
        return Some(format!("{user} may not read and write this file"));
    }
    None
}

/// Returns the failure to open or create a file of a key. `flag` names another file.
pub(super) fn key_not_opened(what: &str, path: &Path, flag: &str, error: &std::io::Error) -> Failure {
    // Data that is not valid was read: nothing is missing.
    let is_access = error.kind() != ErrorKind::InvalidData;
    let missing = is_access.then(|| missing_access(path, &format!("choose another file with {flag}"))).flatten();
    let reason = missing.unwrap_or_else(|| error.to_string());
    Failure::refused(format!("cannot open the {what} {}: {reason}", path.display()))
}

/// The user who runs the program, as an operator knows it.
fn user() -> String {
    let id = rustix::process::geteuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    });
    name.map_or_else(|| format!("user {id}"), |name| format!("user {name}"))
}

impl InWorkspace {
    pub(super) async fn open(&self) -> Result<(App, Workspace), Failure> {
        self.open_with(Config::default()).await
    }

    /// Opens the database for a command on an audit log: a sandbox has one as well.
    pub(super) async fn open_log(&self) -> Result<(App, Workspace), Failure> {
        let app = self.database.open_with(Config::default()).await?;
        match workspaces::find_log_by_slug(app.db.read(), self.workspace.trim()).await? {
            Some(workspace) => Ok((app, workspace)),
            None => Err(unknown_workspace(&app, &self.workspace).await?),
        }
    }

    /// Opens the database with these settings, for a command that seals or sends.
    pub(super) async fn open_with(&self, config: Config) -> Result<(App, Workspace), Failure> {
        let app = self.database.open_with(config).await?;
        match workspaces::find_by_slug(app.db.read(), self.workspace.trim()).await? {
            Some(workspace) => Ok((app, workspace)),
            None => Err(unknown_workspace(&app, &self.workspace).await?),
        }
    }
}

/// The workspaces that an error names.
const MOST_NAMED: u64 = 10;

/// Returns the failure for a slug that no workspace has, with the slugs that there are.
async fn unknown_workspace(app: &App, slug: &str) -> Result<Failure, DbErr> {
    let first = workspaces::list(app.db.read(), Some(MOST_NAMED)).await?;
    let known: Vec<_> = first.iter().map(|workspace| format!("{} ({})", workspace.slug, workspace.name)).collect();
    let advice = match workspaces::count(app.db.read()).await?.saturating_sub(MOST_NAMED) {
        _ if known.is_empty() => "there is none yet, create one with `planeconnection workspace create`".to_owned(),
        0 if known.len() == 1 => format!("use {}", known.concat()),
        0 => format!("use one of {}", known.join(", ")),
        more => format!("use one of {}, or of {more} more that `planeconnection workspace list` shows", known.join(", ")),
    };
    Ok(Failure::refused(format!("no workspace has the slug “{slug}”: {advice}")))
}

/// The audit context of the person who runs the command, by their user name on the system.
pub(super) fn operator() -> AuditContext {
    let name =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    AuditContext::operator(&name.unwrap_or_else(|| "operator".to_owned()))
}
