//! Errors of SQLite in the form in which the asynchronous driver reports them, so that the rest of the module knows one form.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// An error with its extended result code.
#[derive(Debug, thiserror::Error)]
#[error("(code: {code}) {message}")]
struct SqliteError {
    code: i32,
    message: String,
}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }
    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }
    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }
    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }
    fn kind(&self) -> ErrorKind {
        match self.code {
            // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _ROWID
            1555 | 2067 | 2579 => ErrorKind::UniqueViolation,
            // SQLITE_CONSTRAINT_FOREIGNKEY
            787 => ErrorKind::ForeignKeyViolation,
            // SQLITE_CONSTRAINT_NOTNULL
            1299 => ErrorKind::NotNullViolation,
            // SQLITE_CONSTRAINT_CHECK
            275 => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}

/// Converts an error of the driver.
pub(in crate::db) fn as_db_error(error: rusqlite::Error, kind: fn(RuntimeErr) -> DbErr) -> DbErr {
    match error.sqlite_error() {
        Some(sqlite) => {
            let error = SqliteError { code: sqlite.extended_code, message: error.to_string() };
            kind(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Database(Box::new(error)))))
        }
        None => kind(RuntimeErr::Internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Fault, is_unavailable};

    #[test]
    fn error_of_the_disk_is_a_fault_of_the_storage() {
        // SQLITE_IOERR_READ
        let error = as_db_error(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(266), None), DbErr::Query);
        assert_eq!(Fault::of(&error), Some(Fault::Io));
        assert!(is_unavailable(&error), "{error}");
    }

    #[test]
    fn error_of_a_statement_is_no_fault_of_the_storage() {
        let error = as_db_error(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(1), None), DbErr::Query);
        assert_eq!(Fault::of(&error), None);
        assert!(!is_unavailable(&error), "{error}");
    }
}
