//! The result of a store function.

use sea_orm::DbErr;

/// The result of a store function.
pub type DbResult<T> = Result<T, DbErr>;
