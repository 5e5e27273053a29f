//! What can come of a call on workspaces.

use crate::audit::{BeginError, CredentialLoss};

/// Why a workspace was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another workspace has this slug.
    #[error("there is already a workspace with the short name “{0}”: choose another")]
    SlugTaken(String),
    /// The link of the set-up is unknown, used or past its time.
    #[error(
        "this set-up link is unknown, already used, or older than 24 hours: restart the server for a new one, or use `planeconnection workspace create`"
    )]
    SetupLink,
    /// There is a workspace: the first one is not made twice.
    #[error("this server already has a workspace: sign in to it")]
    AlreadySetUp,
    /// The owner's password or email.
    #[error(transparent)]
    Member(#[from] crate::members::Error),
    #[error(transparent)]
    Denied(#[from] CredentialLoss),
    /// The database.
    #[error(transparent)]
    Db(#[from] sea_orm::DbErr),
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(loss) => Self::Denied(loss),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}
