//! The file of the secret key, the sealed columns, and the check that the keys fit the database.
//!
//! - `commands` `secret-key new` and `secret-key rotate`

mod commands;

use std::io::ErrorKind;
use std::path::PathBuf;

use secrecy::SecretString;

use super::database::{Database, key_not_opened, not_opened};
use super::output::{self, Failure};
use crate::app::App;
use crate::secret_key::{KeyId, KeyUse, Sealed, SecretKeys, Use};
use crate::{auth, mail, webhooks};
use kit::db::{Db, DbOptions, DbResult, Location};
use kit::page::number::plural;
use kit::random::Random;
use kit::secret_file;

pub(super) use commands::Command;

/// The environment variable with the keys themselves.
const VALUE: &str = "PLANECONNECTION_SECRET_KEY";

/// All columns with sealed secrets: the start of a node checks the keys of their rows, and `secret-key rotate` seals them anew.
pub fn sealed_columns() -> Vec<Box<dyn Sealed>> {
    let mut columns = vec![auth::factors::sealed_secrets(), mail::sealed()];
    columns.extend(webhooks::sealed());
    columns
}

#[derive(clap::Args, Default)]
pub(super) struct SecretKeyFile {
    #[arg(
        long,
        env = "PLANECONNECTION_SECRET_KEY_FILE",
        value_name = "FILE",
        help = "File of the key that seals secrets in the database; default: next to a SQLite database, with .secret-key \
                appended to its name, created if it does not exist. Or set PLANECONNECTION_SECRET_KEY to the key itself"
    )]
    secret_key_file: Option<PathBuf>,
}

/// The place that the keys are read from.
enum Source {
    Variable(SecretString),
    File(PathBuf),
    /// On a server, without a flag.
    Nowhere,
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::Variable(_) => VALUE.to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Nowhere => "--secret-key-file".to_owned(),
        }
    }
}

impl SecretKeyFile {
    fn source(&self, database: &Database) -> Result<Source, Failure> {
        let value = std::env::var(VALUE).ok().filter(|value| !value.trim().is_empty());
        match (value, &self.secret_key_file) {
            (Some(_), Some(_)) => Err(Failure::usage(format!("--secret-key-file and {VALUE} are both set: unset one of them"))),
            (Some(value), None) => Ok(Source::Variable(value.into())),
            (None, Some(path)) => Ok(Source::File(path.clone())),
            (None, None) => Ok(database.beside(".secret-key")?.map_or(Source::Nowhere, Source::File)),
        }
    }

    /// Reads the keys. Returns `None` if there is no file yet.
    fn open(source: &Source) -> Result<Option<SecretKeys>, Failure> {
        match source {
            Source::Nowhere => Ok(None),
            Source::Variable(value) => parse(source, value).map(Some),
            Source::File(path) => match secret_file::read(path) {
                Ok(text) => parse(source, &text).map(Some),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(key_not_opened("secret key", path, "--secret-key-file", &error)),
            },
        }
    }

    /// Reads the keys. Fails without a key.
    fn require(source: &Source) -> Result<SecretKeys, Failure> {
        Self::open(source)?.ok_or_else(|| match source {
            Source::File(path) => Failure::refused(format!(
                "there is no secret key in {}: put the file back, or name it with --secret-key-file",
                path.display()
            )),
            Source::Variable(_) | Source::Nowhere => {
                Failure::usage("give --secret-key-file: with a server there is no default file")
            }
        })
    }

    /// Reads the keys for a node. For a SQLite database it creates a missing file, unless rows need a key that was in it; on a
    /// server, whose nodes need one key on several machines, it fails if a named file is missing.
    pub(super) async fn open_or_make(&self, database: &Database) -> Result<Option<SecretKeys>, Failure> {
        let (source, location) = (self.source(database)?, database.location()?);
        let (Source::File(path), None) = (&source, Self::open(&source)?) else { return Self::open(&source) };
        let Location::Sqlite(file) = &location else {
            let path = path.display();
            return Err(Failure::refused(format!(
                "there is no secret key in {path}: make it with `planeconnection secret-key new --output {path}`, and give every node a copy"
            )));
        };
        if file.is_file() {
            let found = key_use(&location).await.map_err(|error| not_opened(&location, &error))?;
            require_known(&found, None, &source)?;
        }
        let made = secret_file::read_or_create(path, || SecretKeys::generate(&Random::System));
        let text = made.map_err(|error| key_not_opened("secret key", path, "--secret-key-file", &error))?;
        let keys = parse(&source, &text)?;
        tracing::info!(file = %path.display(), key = %keys.current(), "created a secret key; keep a copy of it elsewhere");
        Ok(Some(keys))
    }

    /// Fails if the rows of the database need a key that the node does not have.
    pub(super) async fn require_known(&self, app: &App, database: &Database) -> Result<(), Failure> {
        let found = KeyUse::of(&app.db, &sealed_columns()).await?;
        require_known(&found, app.config.secret_keys.as_deref(), &self.source(database)?)
    }

    /// Returns the name of the place of the keys, if there are any.
    pub(super) fn name_of_existing(&self, database: &Database) -> Result<Option<String>, Failure> {
        let source = self.source(database)?;
        Ok(match &source {
            Source::Variable(_) => Some(source.name()),
            Source::File(path) if path.exists() => Some(source.name()),
            Source::File(_) | Source::Nowhere => None,
        })
    }
}

/// Reads the key ids of a file that no node has opened yet.
async fn key_use(location: &Location) -> DbResult<KeyUse> {
    let db = Db::open(location, &DbOptions::default()).await?;
    let found = KeyUse::of(&db, &sealed_columns()).await;
    db.close().await;
    found
}

fn parse(source: &Source, text: &SecretString) -> Result<SecretKeys, Failure> {
    SecretKeys::parse(text).map_err(|error| Failure::refused(format!("cannot read the secret key in {}: {error}", source.name())))
}

fn require_known(found: &KeyUse, keys: Option<&SecretKeys>, source: &Source) -> Result<(), Failure> {
    let unreadable: Vec<String> = found.unreadable(keys).map(describe).collect();
    if unreadable.is_empty() {
        return Ok(());
    }
    let name = source.name();
    let place = match source {
        Source::File(path) if !path.exists() => format!("{name}, which does not exist"),
        Source::Nowhere => format!("{name}, which was not given"),
        Source::Variable(_) | Source::File(_) => name,
    };
    Err(Failure::refused(format!(
        "secrets in the database need a key that is not in {place}: {}. Put that key back as a line of its own; if it is lost, see \
         “The secret key” in docs/OPERATIONS.md",
        unreadable.join("; ")
    )))
}

fn describe(Use { column, key, rows }: &Use) -> String {
    let key = key.as_ref().map_or_else(|| "a key of a later version".to_owned(), |key| format!("key {key}"));
    format!("{} of {column}: {key}", plural(*rows, "row"))
}

/// Prints the keys that a copy of a database needs, which are not copied.
pub(super) async fn print_keys_of_copy(to: &App) -> Result<(), Failure> {
    let found = KeyUse::of(&to.db, &sealed_columns()).await?;
    let mut ids: Vec<KeyId> = found.0.iter().filter_map(|each| each.key).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ids.iter().map(KeyId::to_string).collect();
    output::line(format!(
        "Secrets in it are sealed with key {}: give the nodes of the copy the same file with --secret-key-file.",
        ids.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u64) -> SecretKeys {
        SecretKeys::parse(&SecretKeys::generate(&Random::seeded(seed))).expect("a key")
    }

    #[test]
    fn rows_of_another_key_are_named_with_the_file() {
        let (mine, lost) = (keys(1), keys(2));
        let column = || "totp_factors.secret".to_owned();
        let rows = |key, rows| Use { column: column(), key, rows };
        let found = KeyUse(vec![rows(Some(mine.current()), 7), rows(Some(lost.current()), 1_200)]);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plane.db.secret-key");
        std::fs::write(&path, "a key").expect("a file");
        let source = Source::File(path.clone());
        let error = |keys, source: &Source| format!("{:?}", require_known(&found, keys, source).expect_err("it is refused"));
        let wrong = error(Some(&mine), &source);
        let expected = format!("not in {}: 1,200 rows of totp_factors.secret: key {}.", path.display(), lost.current());
        assert!(wrong.contains(&expected), "{wrong}");
        std::fs::remove_file(&path).expect("no file");
        assert!(error(None, &source).contains("which does not exist: 7 rows of"));
        assert!(error(None, &Source::Nowhere).contains("--secret-key-file, which was not given"));
        assert!(require_known(&KeyUse(vec![rows(Some(mine.current()), 7)]), Some(&mine), &source).is_ok());
        assert!(require_known(&KeyUse(vec![rows(None, 1)]), Some(&mine), &source).is_err(), "a later version");
    }
}
