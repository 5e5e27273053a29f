//! Files, folders and standard input.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::Scanner;
use super::archive::{cannot_read, search};
use super::findings::{Findings, Place, shown};
use key_format::KeyFinder;

/// Searches standard input, a file, or all files of a folder. A link that is named is followed, as is a pipe; those in a folder
/// are not: a link could lead in a circle, and a pipe would be waited for.
pub(super) fn scan(path: &Path, scanner: &mut Scanner) {
    if path.as_os_str() == "-" {
        return search_stream(scanner, "-", io::stdin().lock());
    }
    match path.metadata() {
        Err(error) => scanner.findings.problem(&shown(path), cannot_read(&error)),
        Ok(about) if about.is_dir() => scan_folder(path.to_owned(), scanner),
        Ok(_) => match File::open(path) {
            Ok(file) => search_stream(scanner, &shown(path), file),
            Err(error) => scanner.findings.problem(&shown(path), cannot_read(&error)),
        },
    }
}

/// Searches a folder in the order of names. Its folders wait in a list, so that their depth has no limit.
fn scan_folder(folder: PathBuf, scanner: &mut Scanner) {
    let mut waiting = vec![folder];
    while let Some(folder) = waiting.pop() {
        if scanner.findings.is_full() {
            return;
        }
        let entries =
            folder.read_dir().and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                scanner.findings.problem(&shown(&folder), cannot_read(&error));
                continue;
            }
        };
        entries.sort_unstable();
        let mut folders = Vec::new();
        for path in entries {
            look_at_name(&path, scanner);
            match path.symlink_metadata() {
                Err(error) => scanner.findings.problem(&shown(&path), cannot_read(&error)),
                Ok(about) if about.is_dir() => folders.push(path),
                Ok(about) => scan_entry(&path, &about, scanner),
            }
        }
        waiting.extend(folders.into_iter().rev());
    }
}

fn scan_entry(path: &Path, about: &Metadata, scanner: &mut Scanner) {
    let file = shown(path);
    if about.is_symlink() {
        return scanner.findings.note(&file, "this is a symbolic link, which is not followed: name its target to scan it");
    }
    if !about.is_file() {
        return scanner.findings.note(&file, format!("this is {}, which is not read", special(about)));
    }
    // Something else may have taken its place meanwhile: a pipe would be waited for.
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    match opened.and_then(|opened| Ok((opened.metadata()?.is_file(), opened))) {
        Ok((true, opened)) => search_stream(scanner, &file, opened),
        Ok((false, _)) => scanner.findings.problem(&file, "it was replaced while the folder was read"),
        Err(error) => scanner.findings.problem(&file, cannot_read(&error)),
    }
}

fn special(about: &Metadata) -> &'static str {
    let kind = about.file_type();
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn search_stream(Scanner { finder, findings }: &mut Scanner, file: &str, stream: impl io::Read) {
    search(finder, findings, file, stream, |findings, key| {
        findings.add(Place { file: file.to_owned(), line: Some(key.line) }, key)
    });
}

/// Looks for secrets in the last part of a path, and says where the history of a repository is found.
fn look_at_name(path: &Path, Scanner { finder, findings }: &mut Scanner) {
    let Some(name) = path.file_name() else { return };
    if name == ".git" {
        findings.note(&shown(path), "its objects are compressed: scan the history with --git");
    }
    let place = || Place { file: shown(path), line: None };
    report_name(finder, findings, name.as_encoded_bytes(), place);
}

fn report_name(finder: &mut KeyFinder, findings: &mut Findings, name: &[u8], place: impl Fn() -> Place) {
    // A slice can always be read.
    let _read = finder.search(name, |key| findings.add(place(), key));
}
