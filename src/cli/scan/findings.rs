//! The secrets that a scan has found, and the files that it could not read.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use key_format::{FoundKey, Hint, SecretDigest, scrub};
use kit::page::number::grouped;
use kit::text::printable;

/// Places that are kept. A scan ends there: so many are no accident.
const MOST: usize = 100_000;

/// Lines about what could not be looked at, of each kind, before they are only counted.
const MOST_LINES: u64 = 100;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 4_096;

/// The place of a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The file, or commit and path, without control characters and secrets.
    pub(super) file: String,
    /// `None` if the secret is in the name.
    pub(super) line: Option<u64>,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => write!(f, "{} (in the name)", self.file),
        }
    }
}

/// A secret at a place.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) place: Place,
    pub(super) digest: SecretDigest,
    pub(super) hint: Hint,
}

/// The outcome of a scan so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    /// Files and objects that could not be read.
    problems: u64,
    /// Files that are left out on purpose.
    notes: u64,
    is_full: bool,
}

impl Findings {
    /// Adds a secret. Breaks off if no more are kept.
    pub(super) fn add(&mut self, place: Place, FoundKey { digest, hint, .. }: FoundKey) -> ControlFlow<()> {
        if self.list.len() < MOST {
            self.list.push(Finding { place, digest, hint });
        } else if !self.is_full {
            self.is_full = true;
            self.problem(&place.file, format!("more than {} places have a secret, so the scan ends here", grouped(MOST as u64)));
        }
        if self.is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Returns whether no more places are kept.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Says that something could not be read, or not to its end.
    pub(super) fn problem(&mut self, file: &str, why: impl Display) {
        self.problems += 1;
        say(self.problems, file, why);
    }

    /// Says that something was left out on purpose.
    pub(super) fn note(&mut self, file: &str, what: impl Display) {
        self.notes += 1;
        say(self.notes, file, what);
    }

    /// Returns how many things could not be read.
    pub(super) fn problems(&self) -> u64 {
        self.problems
    }

    /// Says how many lines were not printed.
    pub(super) fn end(&self) {
        for (count, what) in [(self.problems, "could not be read"), (self.notes, "were left out")] {
            if let Some(more) = count.checked_sub(MOST_LINES).filter(|more| *more > 0) {
                write_line(&format!("and {} more items {what}", grouped(more)));
            }
        }
    }

    /// Counts different secrets.
    pub(super) fn distinct(&self) -> u64 {
        self.list.iter().map(|finding| finding.digest.0).collect::<HashSet<_>>().len() as u64
    }
}

fn say(count: u64, file: &str, what: impl Display) {
    if count <= MOST_LINES {
        write_line(&format!("{file}: {what}"));
    }
}

fn write_line(line: &str) {
    // If stderr is closed, the exit code is left.
    let _unheard = writeln!(io::stderr(), "planeconnection: {line}");
}

/// Returns a path for people and terminals: without secrets, and without characters that would move the cursor.
pub(super) fn shown(path: &Path) -> String {
    shown_text(&path.to_string_lossy())
}

/// Returns a name for people and terminals.
pub(super) fn shown_text(name: &str) -> String {
    scrub(&printable(name)).chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_shown_without_control_characters_and_secrets() {
        let secret = format!("pck_{}", "aB3".repeat(13).split_at(38).0);
        let name = format!("logs/\u{1b}[2J\n{secret}\u{202e}gpj.txt");
        assert_eq!(shown_text(&name), "logs/\u{fffd}[2J\u{fffd}pck_aB3a…B3aB\u{fffd}gpj.txt");
    }
}
