//! `backup FILE`

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Database, Failure, output};
use kit::db::Location;

#[derive(clap::Args)]
pub(super) struct Backup {
    #[command(flatten)]
    database: Database,
    /// Where the copy goes; it must not exist
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if matches!(self.database.location()?, Location::Postgres(_)) {
            return Err(Failure::refused("a Postgres server has means of its own for that: pg_dump, or pg_basebackup"));
        }
        let app = self.database.open().await?;
        let exists = || Failure::refused(format!("{} exists already: name another file", self.file.display()));
        if self.file.exists() {
            return Err(exists());
        }
        // Written under another name beside it: FILE is never half a copy, and never somebody else's file. Like every
        // temporary file, it can be read by nobody else.
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let copy = tempfile::Builder::new().prefix(".planeconnection-backup-").tempfile_in(folder);
        let copy = copy.map_err(|error| Failure::refused(format!("cannot write to {}: {error}", folder.display())))?;
        let Some(target) = copy.path().to_str() else { return Err(Failure::refused("the file's name must be UTF-8")) };
        app.db.copy_to(target).await?;
        // What was answered as done must outlive a power cut.
        copy.as_file().sync_all()?;
        match copy.persist_noclobber(&self.file) {
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Err(exists()),
            Err(error) => return Err(error.error.into()),
            Ok(_) => std::fs::File::open(folder)?.sync_all()?,
        }
        output::line(format!("Copied to {}.", self.file.display()))
    }
}
