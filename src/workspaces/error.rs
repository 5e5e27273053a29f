//! The outcomes of creating a workspace.

use crate::audit::{BeginError, BeginRefusal};

/// The reason why a workspace was not created.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is already a workspace with the short name “{0}”: choose another")]
    SlugTaken(String),
    /// The set-up link is unknown, used or expired.
    #[error(
        "this set-up link is unknown, already used, or older than 24 hours: restart the server for a new one, or use `planeconnection workspace create`"
    )]
    SetupLink,
    #[error("this server already has a workspace: sign in to it")]
    AlreadySetUp,
    /// The owner's password or email was refused.
    #[error(transparent)]
    Member(#[from] crate::members::Error),
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] sea_orm::DbErr),
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => Self::Denied(refusal),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}
