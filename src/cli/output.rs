//! How commands answer: tables or JSON on stdout, one line on stderr when they fail.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use secrecy::SecretString;
use serde::Serialize;

/// Why a command did nothing, in one line.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// It was refused, or it failed.
    pub fn refused(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// Prints the line; the exit code is 1.
    pub(super) fn report(self) -> ExitCode {
        let line = self.0.replace('\n', " ");
        // Without a stderr there is nobody to tell.
        let _unheard = writeln!(io::stderr(), "planeconnection: {line}");
        ExitCode::FAILURE
    }
}

macro_rules! failure_from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )+};
}

failure_from!(
    crate::keys::Error,
    crate::members::Error,
    crate::workspaces::Error,
    crate::sessions::Error,
    io::Error,
    serde_json::Error
);

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Self(format!("the database: {error}"))
    }
}

/// Prints a line. A reader that has gone away, as `head` does, is no failure.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{}", text.as_ref()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value)?)
}

/// Prints rows under headings, in columns as wide as they need to be.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        line(padded.join("  ").trim_end())
    };
    print(headings)?;
    rows.iter().try_for_each(|row| print(std::array::from_fn(|at| row[at].as_str())))
}

/// The password that was piped in: one line, without its end.
pub(super) fn password_from_stdin() -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::refused("pipe the password in, for example: printf '%s' \"$PASSWORD\" | planeconnection …"));
    }
    let mut text = String::new();
    io::stdin().take(4096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}
