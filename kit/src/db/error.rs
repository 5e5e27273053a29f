//! Kinds of database errors, on either engine.

use sea_orm::sqlx;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{DbErr, RuntimeErr};

use super::fault::{self, WritesRefused};
use super::postgres;

/// The row breaks a rule that only one row may have.
pub fn is_duplicate(error: &DbErr) -> bool {
    refusal(error).is_some_and(DatabaseError::is_unique_violation)
}

/// The database cannot be reached or is too busy, as opposed to having refused the statement.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => is_outage(error),
        _ => false,
    }
}

/// Returns whether opening the database may succeed later: the error does not say that the address, certificate or credentials
/// are wrong.
pub fn may_open_later(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error)) => match &**error {
            // A certificate that is not trusted comes as data that is not valid.
            sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
            error => is_outage(error),
        },
        other => is_unavailable(other),
    }
}

/// True if the name of the server does not exist, as far as DNS knows.
pub fn is_unknown_host(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    // The standard library has no kind for it.
    matches!(&**error, sqlx::Error::Io(error) if error.to_string().contains("Name or service not known"))
}

/// A text holds something that this engine cannot: a NUL, on Postgres.
pub fn is_unstorable(error: &DbErr) -> bool {
    state(error).is_some_and(postgres::is_unstorable)
}

/// A statement waited too long for another transaction, on Postgres. Nothing of its own transaction is stored.
pub fn is_blocked(error: &DbErr) -> bool {
    state(error).is_some_and(postgres::is_blocked)
}

/// Returns whether a statement has failed alone: SQLite refused it for one of its values and has undone it, or it failed outside
/// SQLite, as when a cell could not be decoded. The transaction goes on.
pub(super) fn is_of_statement(error: &DbErr) -> bool {
    if matches!(error, DbErr::Type(_) | DbErr::Exec(RuntimeErr::Internal(_)) | DbErr::Query(RuntimeErr::Internal(_))) {
        return true;
    }
    let code = refusal(error).and_then(|error| error.code()?.parse::<u32>().ok());
    // TOOBIG, CONSTRAINT, MISMATCH
    matches!(code.map(|code| code & 0xff), Some(18..=20))
}

/// Returns the state (SQLSTATE) with which Postgres refused a statement.
fn state(error: &DbErr) -> Option<&str> {
    refusal(error).and_then(|error| error.try_downcast_ref::<PgDatabaseError>()).map(PgDatabaseError::code)
}

/// Returns the error with which the engine refused a statement.
fn refusal(error: &DbErr) -> Option<&(dyn DatabaseError + 'static)> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else { return None };
    error.as_database_error()
}

/// The row refers to one that is not there.
pub fn is_orphan(error: &DbErr) -> bool {
    refusal(error).is_some_and(DatabaseError::is_foreign_key_violation)
}

fn is_outage(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => postgres::is_outage(error.code()),
            None => error.code().is_some_and(|code| fault::of_sqlite(&code).is_some()),
        },
        Error::Configuration(error) => error.is::<WritesRefused>(),
        _ => false,
    }
}
