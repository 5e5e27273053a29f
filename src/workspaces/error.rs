//! What can come of a call on workspaces.

/// Why a workspace was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another workspace has this slug.
    #[error("there is already a workspace with the slug “{0}”: choose another")]
    SlugTaken(String),
    /// The owner's password or email.
    #[error(transparent)]
    Member(#[from] crate::members::Error),
    /// The database.
    #[error(transparent)]
    Db(#[from] sea_orm::DbErr),
}
