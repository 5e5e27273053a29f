//! The storage under a database: its health and, for a file, its identity and free space.

use std::path::Path;
use std::sync::Arc;

use super::DbResult;
use super::fault::{Fault, WritesRefused};
use super::file::FileIdentity;
use super::health::Health;
use super::space::{FreeSpace, MinFreeSpace, Space};

/// Shared by every connection of a database. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Storage(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    health: Health,
    file: Option<(FileIdentity, Space)>,
}

impl Storage {
    /// The storage of a server: its disk is its operator's.
    pub(super) fn server() -> Self {
        Self::default()
    }

    /// The storage of a file.
    pub(super) fn file(path: &Path, min_free: MinFreeSpace) -> Self {
        let file = Some((FileIdentity::new(path), Space::new(path, min_free)));
        Self(Arc::new(Parts { health: Health::default(), file }))
    }

    /// The state of the storage.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Ends a fault, once a probe write has been read back. A disk that was full or failing must also take a larger file.
    pub async fn recover(&self) {
        let health = &self.0.health;
        let needs_room = matches!(health.fault(), Some(Fault::DiskFull | Fault::Io));
        if let (true, Some((_, space))) = (needs_room, &self.0.file) {
            if !health.has_settled() {
                return;
            }
            let folder = space.folder().to_path_buf();
            if !matches!(tokio::task::spawn_blocking(move || Space::try_room(&folder)).await, Ok(Ok(()))) {
                return;
            }
        }
        health.recovered();
    }

    /// Returns the free space, for a file.
    pub fn free_space(&self) -> Option<FreeSpace> {
        self.0.file.as_ref().map(|(_, space)| space.measure())
    }

    /// Returns the size of the file and its write-ahead log, for a file.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        self.0.file.as_ref().map(|(file, _)| file.bytes())
    }

    /// Fails if the file is not the one that was opened.
    pub(super) fn require_same_file(&self) -> Result<(), WritesRefused> {
        let Some((file, _)) = &self.0.file else { return Ok(()) };
        file.require().inspect_err(|_| self.0.health.report(Fault::Replaced))
    }

    /// Fails while a fault lasts or disk space is low.
    pub(super) fn require_for_data(&self) -> DbResult<()> {
        self.0.health.require_sound()?;
        if let Some((_, space)) = &self.0.file {
            space.require()?;
        }
        Ok(())
    }
}
