//! Files that hold a secret, which only their owner may read.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

/// Reads a file. Fails if other users than the owner may read or change it.
pub fn read(path: &Path) -> io::Result<SecretString> {
    let metadata = fs::metadata(path)?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Err(invalid(path, "this is a folder; name the file in it that has the key"));
    }
    if kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
        return Err(invalid(path, "this is a device or a socket; name a file that has the key"));
    }
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(invalid(path, "others than its owner may read or change this key; run chmod 600 on it"));
    }
    fs::read_to_string(path).map(SecretString::from)
}

/// Reads a file, and creates it first if it does not exist. Of two processes that do so at once, one wins and the other reads
/// the secret of the first.
pub fn read_or_create(path: &Path, make: impl FnOnce() -> SecretString) -> io::Result<SecretString> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => match create(path, &make()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => read(path),
        },
        found => found,
    }
}

/// Writes a new file with mode 0600, complete or not at all. Fails with [`ErrorKind::AlreadyExists`] rather than replace one.
pub fn create(path: &Path, secret: &SecretString) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

/// An error about the content of a file, which it names.
pub fn invalid(path: &Path, reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_created_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        assert_eq!(read_or_create(&path, || "first".into()).expect("a file").expose_secret(), "first\n");
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(read_or_create(&path, || "second".into()).expect("a file").expose_secret(), "first\n");
        assert_eq!(create(&path, &"third".into()).expect_err("it exists").kind(), ErrorKind::AlreadyExists);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("a mode");
        assert!(read(&path).expect_err("it is refused").to_string().contains("chmod 600"));
    }

    #[test]
    fn folder_and_device_are_named_as_such() {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, reason) in [(folder.path(), "this is a folder"), (Path::new("/dev/null"), "this is a device")] {
            let refused = read(path).expect_err("it is refused").to_string();
            assert!(refused.contains(reason) && !refused.contains("chmod"), "{refused}");
        }
    }
}
