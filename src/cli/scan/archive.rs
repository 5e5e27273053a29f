//! A stream, decompressed if it is gzip. Other archives are searched as they are, and named.

use std::io::{self, Cursor, ErrorKind, Read};
use std::ops::ControlFlow;

use flate2::read::MultiGzDecoder;

use super::findings::Findings;
use key_format::{FoundKey, KeyFinder};

/// The bytes that one archive may expand to. What it has beyond is not searched, and said.
const MOST_EXPANDED: u64 = 16 << 30;

/// The first bytes of archives that are not unpacked. What they store without compression is found all the same.
const PACKED: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
];

const GZIP: &[u8] = b"\x1f\x8b\x08";

/// The longest of these beginnings.
const LONGEST: u64 = 6;

/// Searches a stream, and calls `found` with each key in it. `file` is its name for people.
pub(super) fn search(
    finder: &mut KeyFinder,
    findings: &mut Findings,
    file: &str,
    mut stream: impl Read,
    mut found: impl FnMut(&mut Findings, FoundKey) -> ControlFlow<()>,
) {
    let mut head = Vec::new();
    if let Err(error) = stream.by_ref().take(LONGEST).read_to_end(&mut head) {
        return findings.problem(file, cannot_read(&error));
    }
    if let Some((_, kind)) = PACKED.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        findings.note(file, format!("this is a {kind} archive, which is not unpacked: unpack it and scan what is in it"));
    }
    let is_gzip = head.starts_with(GZIP);
    let whole = Cursor::new(head).chain(stream);
    let report = |key| found(findings, key);
    let read = if is_gzip {
        finder.search(MultiGzDecoder::new(whole).take(MOST_EXPANDED), report)
    } else {
        finder.search(whole, report)
    };
    match read {
        Ok(MOST_EXPANDED) if is_gzip => {
            findings.problem(file, format!("it expands to more than {} GiB; the rest was not read", MOST_EXPANDED >> 30));
        }
        Ok(_) => {}
        Err(error) if is_gzip => findings.problem(file, format!("cannot read it to its end as gzip: {error}")),
        Err(error) => findings.problem(file, cannot_read(&error)),
    }
}

pub(super) fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "cannot read it: permission denied".to_owned(),
        _ => format!("cannot read it: {error}"),
    }
}
