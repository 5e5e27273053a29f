//! Warnings at the start of a node about a database that other users or the network can reach.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kit::db::{Location, Transport};

/// Readable or writable by the group or by others.
const SHARED: u32 = 0o066;
/// Writable by the group or by others.
const WRITABLE: u32 = 0o022;
/// In a folder with this bit, only the owner of a file may replace it.
const STICKY: u32 = 0o1000;

/// Logs file modes and transports that expose the database.
pub(super) fn warn(location: &Location) {
    match location {
        Location::Sqlite(path) => {
            for file in [path.clone(), beside(path, "-wal")] {
                warn_of_file(&file);
            }
            warn_of_folder(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
        }
        Location::Postgres(_) => warn_of_transport(location),
    }
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}

fn warn_of_file(path: &Path) {
    let Some(mode) = mode(path).filter(|mode| mode & SHARED != 0) else { return };
    let (file, mode_text) = (path.display(), format!("{mode:04o}"));
    if mode & WRITABLE != 0 {
        tracing::error!(%file, mode = mode_text, "others on this machine can write to the database file: chmod 600 it");
    } else {
        tracing::warn!(%file, mode = mode_text, "others on this machine can read the database file: chmod 600 it");
    }
}

fn warn_of_folder(folder: &Path) {
    let Some(mode) = mode(folder).filter(|mode| mode & WRITABLE != 0 && mode & STICKY == 0) else { return };
    let mode_text = format!("{mode:04o}");
    tracing::warn!(
        folder = %folder.display(), mode = mode_text,
        "others on this machine can replace the database file: chmod go-w its folder"
    );
}

fn warn_of_transport(location: &Location) {
    match location.transport() {
        Transport::Local | Transport::Verified => {}
        Transport::Unverified => tracing::warn!(
            database = %location,
            "the database server's certificate is not verified: add sslmode=verify-full to the URL, and sslrootcert if its authority is your own"
        ),
        Transport::Plain => tracing::warn!(
            database = %location,
            "passwords and data may go to the database server without TLS: add sslmode=verify-full to the URL"
        ),
    }
}
