//! The command `backup`: a copy of a SQLite database while nodes run.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::database::{Database, missing_access};
use super::output::{self, Failure};
use super::secret_key::SecretKeyFile;
use kit::db::Location;

#[derive(clap::Args)]
pub(super) struct Backup {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    secret_key: SecretKeyFile,
    /// File to create; it must not exist
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if matches!(self.database.location()?, Location::Postgres(_)) {
            return Err(Failure::refused("use the tools of the Postgres server: pg_dump or pg_basebackup"));
        }
        let app = self.database.open().await?;
        let exists = || Failure::refused(format!("{} exists already: choose another file", self.file.display()));
        if self.file.exists() {
            return Err(exists());
        }
        // Written under a temporary name in the same folder, readable by its owner only: FILE is never a partial copy, and
        // an existing file is never overwritten.
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let copy = tempfile::Builder::new().prefix(".planeconnection-backup-").tempfile_in(folder);
        let copy = copy.map_err(|error| {
            let reason = missing_access(&self.file, "choose another one").unwrap_or_else(|| error.to_string());
            Failure::refused(format!("cannot write {}: {reason}", self.file.display()))
        })?;
        let Some(target) = copy.path().to_str() else { return Err(Failure::refused("the file's name must be UTF-8")) };
        app.db.copy_to(target).await?;
        // A reported success must survive a power failure.
        copy.as_file().sync_all()?;
        match copy.persist_noclobber(&self.file) {
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Err(exists()),
            Err(error) => return Err(error.error.into()),
            Ok(_) => std::fs::File::open(folder)?.sync_all()?,
        }
        output::line(format!("Copied to {}.", self.file.display()))?;
        match self.secret_key.name_of_existing(&self.database)? {
            Some(name) => output::line(format!("The secret key is not in it: keep a copy of {name} elsewhere.")),
            None => Ok(()),
        }
    }
}
