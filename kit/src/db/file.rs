//! The identity of the database file: a file that is deleted or replaced while it is open goes on accepting writes that are
//! lost.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::fault::{Fault, WritesRefused};

/// Device and inode numbers.
type Inode = (u64, u64);

/// The file and the write-ahead log that were opened first.
#[derive(Debug)]
pub(super) struct FileIdentity {
    path: PathBuf,
    log: PathBuf,
    opened: OnceLock<Inode>,
    opened_log: OnceLock<Inode>,
}

impl FileIdentity {
    pub(super) fn new(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self { path: path.to_owned(), log: log.into(), opened: OnceLock::new(), opened_log: OnceLock::new() }
    }

    /// Returns the size of the file and its write-ahead log. What cannot be read counts as empty.
    pub(super) fn bytes(&self) -> u64 {
        [&self.path, &self.log].into_iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum()
    }

    /// Fails with [`Fault::Replaced`] if the path leads to another file than at the first call, or to none.
    pub(super) fn require(&self) -> Result<(), WritesRefused> {
        let is_same = |path: &Path, opened: &OnceLock<Inode>| match (inode(path), opened.get()) {
            (Some(now), Some(first)) => now == *first,
            (Some(now), None) => *opened.get_or_init(|| now) == now,
            (None, Some(_)) => false,
            // The log is made by the first statement.
            (None, None) => true,
        };
        if is_same(&self.path, &self.opened) && is_same(&self.log, &self.opened_log) {
            Ok(())
        } else {
            Err(WritesRefused::Fault(Fault::Replaced))
        }
    }
}

fn inode(path: &Path) -> Option<Inode> {
    // Any error counts as gone: the file cannot be opened again, either.
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_deleted_or_replaced_is_refused_until_it_is_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, aside] = ["p.db", "aside"].map(|name| folder.path().join(name));
        std::fs::write(&path, "a database").expect("a file");
        let identity = FileIdentity::new(&path);
        assert!(identity.require().is_ok());
        std::fs::rename(&path, &aside).expect("moved");
        assert!(identity.require().is_err(), "moved away");
        std::fs::write(&path, "another").expect("a file");
        assert!(identity.require().is_err(), "replaced");
        std::fs::rename(&aside, &path).expect("moved back");
        assert!(identity.require().is_ok());
    }

    #[test]
    fn a_write_ahead_log_that_was_deleted_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, log] = ["p.db", "p.db-wal"].map(|name| folder.path().join(name));
        std::fs::write(&path, "a database").expect("a file");
        let identity = FileIdentity::new(&path);
        assert!(identity.require().is_ok());
        std::fs::write(&log, "a log").expect("a file");
        assert!(identity.require().is_ok(), "made after the file was opened");
        std::fs::remove_file(&log).expect("deleted");
        assert!(identity.require().is_err());
    }
}
