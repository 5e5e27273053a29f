//! A temporary folder, which is gone with its guard.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Dropped, it is deleted with all that is in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn make(what: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("planeconnection-{what}-{}", std::process::id()));
        // Logs are nobody else's.
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
