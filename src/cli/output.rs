//! Output of commands: tables or JSON on stdout, one line on stderr on a failure.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use key_format::scrub;
use secrecy::SecretString;
use serde::Serialize;

use crate::audit::BeginError;
use crate::auth::factors::FactorError;
use crate::auth::password::PasswordError;
use kit::db::{DbResult, Fault, WritesRefused};
use kit::http::{ApiError, Check, FieldErrors};
use kit::paging::{MAX_SIZE, Page, Paging};
use kit::text::printable;

/// The failure of a command, in one line.
#[derive(Debug)]
pub struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    /// A refused or failed command: exit code 1.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { line: why.into(), code: 1 }
    }

    /// Arguments that are invalid together: exit code 2.
    pub fn usage(why: impl Into<String>) -> Self {
        Self { line: why.into(), code: 2 }
    }

    /// Returns the failure of a command whose exit code 1 means that something was found: exit code 2.
    pub(super) fn into_fault(self) -> Self {
        Self { code: 2, ..self }
    }

    /// Prints the line to stderr, without secrets, and returns the exit code.
    pub(super) fn report(self) -> ExitCode {
        let line = self.line.replace('\n', " ");
        // A key may have been given where a file was expected.
        let line = printable(&scrub(&line));
        // If stderr is closed, the exit code is left.
        let _unheard = writeln!(io::stderr(), "planeconnection: {line}");
        ExitCode::from(self.code)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

macro_rules! failure_from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::refused(error.to_string())
            }
        }
    )+};
}

failure_from!(io::Error, serde_json::Error, PasswordError);

macro_rules! failure_from_slice {
    ($($slice:ident),+ $(,)?) => {$(
        impl From<crate::$slice::Error> for Failure {
            fn from(error: crate::$slice::Error) -> Self {
                match error {
                    crate::$slice::Error::Db(error) => error.into(),
                    refused => Self::refused(refused.to_string()),
                }
            }
        }
    )+};
}

failure_from_slice!(keys, members, workspaces, auth, webhooks);

impl From<FactorError> for Failure {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Db(error) => error.into(),
            refused => Self::refused(refused.to_string()),
        }
    }
}

impl From<BeginError> for Failure {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => Self::refused(refusal.to_string()),
            BeginError::Db(error) => error.into(),
        }
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        let fault = match WritesRefused::find(&error) {
            Some(WritesRefused::LowSpace | WritesRefused::Queue) => None,
            Some(WritesRefused::Fault(fault)) => Some(fault),
            None => Fault::of(&error),
        };
        match fault {
            Some(fault) => Self::refused(format!("{}. {} ({error})", fault.message(), capitalised(fault.remedy()))),
            None => Self::refused(format!("the database: {error}")),
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns the items of a whole list, whatever changes in it meanwhile.
pub(super) async fn all_pages<T>(page: impl AsyncFn(Paging) -> DbResult<Page<T>>) -> DbResult<Vec<T>> {
    let mut found = page(Paging::page(1, MAX_SIZE)).await?;
    let mut all = Vec::new();
    loop {
        let next = found.next();
        all.extend(found.items);
        match next {
            Some(next) => found = page(next).await?,
            None => return Ok(all),
        }
    }
}

/// Returns the input if it passes the validation of the API.
pub(super) fn validated<T: Check>(input: T) -> Result<T, Failure> {
    let mut faults = FieldErrors::default();
    input.check(&mut faults);
    let in_words = |error: &ApiError| {
        let faults = error.fields.iter().map(|fault| format!("{}: {}", fault.field, fault.message));
        faults.collect::<Vec<_>>().join(" ")
    };
    faults.into_result().map_err(|error| Failure::usage(in_words(&error)))?;
    Ok(input)
}

/// Prints a line. A closed pipe, such as that of `head`, is no failure.
pub(super) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{}", text.as_ref()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints bytes as they are. Returns false if the output has no reader any more, such as `head`.
pub(super) fn bytes(bytes: &[u8]) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether a person reads the output.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value)?)
}

/// Prints rows under headings, in aligned columns.
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

/// Parses the environment variable of a flag without a value.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Parses a number with a unit: 90d, 12h, 30m, 15s.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and a unit, such as 90d, 12h, 30m or 15s".to_owned();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// Reads a password from stdin, without the end of its line. It cannot be passed in another way, so the flag is required.
pub(super) fn password_from_stdin(is_wanted: bool, flag: &str) -> Result<SecretString, Failure> {
    if !is_wanted {
        return Err(Failure::usage(format!("give {flag}, and pipe the password in")));
    }
    if io::stdin().is_terminal() {
        return Err(Failure::refused("pipe the password in, for example: printf '%s' \"$PASSWORD\" | planeconnection …"));
    }
    let mut text = String::new();
    io::stdin().take(4096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}
