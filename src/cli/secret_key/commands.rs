//! The commands `secret-key new` and `secret-key rotate`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{SecretKeyFile, Source, require_known, sealed_columns};
use crate::cli::database::{Database, key_not_opened};
use crate::cli::output::{self, Failure};
use crate::secret_key::{KeyId, KeyUse, Resealed, SecretKeys};
use kit::page::number::plural;
use kit::random::Random;
use kit::secret_file;

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Make a key, and print it or write it to a new file
    New {
        /// File to create with mode 0600; it must not exist. Default: print the key
        #[arg(long, env = "PLANECONNECTION_OUTPUT", value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Seal all secrets in the database with the first key of the file, while nodes run
    Rotate {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        secret_key: SecretKeyFile,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
}

impl Command {
    pub(in crate::cli) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::New { output } => new(output.as_deref()),
            Self::Rotate { database, secret_key, json } => rotate(&database, &secret_key, json).await,
        }
    }
}

fn new(file: Option<&Path>) -> Result<(), Failure> {
    let key = SecretKeys::generate(&Random::System);
    let Some(path) = file else { return output::line(key.expose_secret()) };
    secret_file::create(path, &key).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::refused(format!("{} exists already: choose another file", path.display())),
        _ => key_not_opened("secret key", path, "--output", &error),
    })?;
    output::line(format!("Wrote a new key to {}. Keep a copy of it apart from the database.", path.display()))
}

/// A column, and the outcome of sealing its rows anew.
struct Done {
    column: String,
    resealed: Resealed,
}

async fn rotate(database: &Database, file: &SecretKeyFile, as_json: bool) -> Result<(), Failure> {
    let source = file.source(database)?;
    let keys = SecretKeyFile::require(&source)?;
    let (app, columns) = (database.open().await?, sealed_columns());
    require_known(&KeyUse::of(&app.db, &columns).await?, Some(&keys), &source)?;
    let mut done = Vec::new();
    for column in &columns {
        done.push(Done { column: column.name(), resealed: column.reseal(&app.db, &keys, &app.random).await? });
    }
    let left = KeyUse::of(&app.db, &columns).await?;
    let unused: Vec<_> = keys.ids().filter(|(id, _)| *id != keys.current() && !left.has(*id)).collect();
    if as_json {
        print_json(&keys, &done, &unused)?;
    } else {
        print(&keys, &done, &unused, &source)?;
    }
    let unreadable: u64 = done.iter().map(|done| done.resealed.unreadable).sum();
    if unreadable > 0 {
        return Err(Failure::refused(format!(
            "{} could not be opened and {} left: altered, or sealed for another row",
            plural(unreadable, "secret"),
            if unreadable == 1 { "was" } else { "were" }
        )));
    }
    Ok(())
}

fn print_json(keys: &SecretKeys, done: &[Done], unused: &[(KeyId, usize)]) -> Result<(), Failure> {
    let columns: Vec<_> = done
        .iter()
        .map(
            |Done { column, resealed }| json!({ "column": column, "resealed": resealed.rows, "unreadable": resealed.unreadable }),
        )
        .collect();
    let unused: Vec<_> = unused.iter().map(|(id, line)| json!({ "key": id.to_string(), "line": line })).collect();
    output::json(&json!({ "key": keys.current().to_string(), "columns": columns, "unused": unused }))
}

fn print(keys: &SecretKeys, done: &[Done], unused: &[(KeyId, usize)], source: &Source) -> Result<(), Failure> {
    for Done { column, resealed } in done {
        output::line(format!("{column:<30}{:>10} rows sealed anew", resealed.rows))?;
    }
    if done.iter().all(|done| done.resealed.unreadable == 0) {
        output::line(format!("All secrets are sealed with key {}.", keys.current()))?;
    }
    for (id, line) in unused {
        output::line(format!(
            "No row needs key {id}: when every node has been started with the new key first, remove line {line} of {}.",
            source.name()
        ))?;
    }
    Ok(())
}
