//! `backup FILE`

use std::path::PathBuf;

use super::{Database, Failure, output};

#[derive(clap::Args)]
pub(super) struct Backup {
    #[command(flatten)]
    database: Database,
    /// Where the copy goes; it must not exist
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let app = self.database.open().await?;
        if self.file.exists() {
            return Err(Failure::refused(format!("{} exists already: name another file", self.file.display())));
        }
        let Some(target) = self.file.to_str() else { return Err(Failure::refused("the file's name must be UTF-8")) };
        app.db.copy_to(target).await?;
        // What was answered as done must outlive a power cut.
        std::fs::File::open(&self.file)?.sync_all()?;
        output::line(format!("Copied to {}.", self.file.display()))
    }
}
