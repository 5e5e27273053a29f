//! The outcomes of a second step and of changes of factors, and the one map to HTTP.

use std::time::Duration;

use sea_orm::DbErr;

use super::model::{FAILURE_WINDOW, MAX_FAILURES};
use crate::access::unauthorized;
use crate::audit::{BeginError, BeginRefusal};
use crate::secret_key::{SealError, SecretKeyMissing};
use kit::http::{ApiError, Policy};
use kit::text::sentence;

/// The reason why a code was not accepted, or a factor not changed.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// Wrong, used before, or of another time.
    #[error("this code is wrong or was already used")]
    Wrong,
    /// The member has had too many wrong codes within an hour.
    #[error("too many wrong codes")]
    TooMany(Duration),
    /// The challenge is unknown, used, expired, or had too many wrong codes; or the password was changed meanwhile.
    #[error("this sign-in took too long or had too many wrong codes: sign in again")]
    Challenge,
    /// No set-up has begun, or it began too long ago.
    #[error("this set-up has not begun, or began more than an hour ago: begin again")]
    SetUp,
    /// The member has no second factor.
    #[error("you have no second factor: set up two-factor authentication first")]
    NoFactor,
    /// The factors of a member cannot be reset who has none.
    #[error("this member has no second factor")]
    NothingToReset,
    /// The last second factor cannot be removed while the workspace requires one.
    #[error("your workspace requires a second factor: add another one before you remove this")]
    Required,
    /// The password is long enough beside a second factor only.
    #[error("your password is short, which is enough with a second factor only: choose a longer one first")]
    ShortPassword,
    #[error(transparent)]
    SecretKeyMissing(#[from] SecretKeyMissing),
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<BeginError> for FactorError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => Self::Denied(refusal),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}

impl From<FactorError> for ApiError {
    fn from(error: FactorError) -> Self {
        let message = sentence(&error);
        match error {
            FactorError::Wrong => unauthorized(
                "TWO_FACTOR_INVALID",
                "This code is wrong or was already used. Wait for the next one, and try again.",
            ),
            FactorError::TooMany(wait) => too_many(wait),
            FactorError::Challenge => {
                unauthorized("CHALLENGE_INVALID", "This sign-in took too long or had too many wrong codes. Sign in again.")
            }
            FactorError::SetUp
            | FactorError::NoFactor
            | FactorError::NothingToReset
            | FactorError::Required
            | FactorError::ShortPassword => Self::conflict(message),
            FactorError::SecretKeyMissing(missing) => missing.into(),
            FactorError::Sealed(error) => error.into(),
            FactorError::Denied(refusal) => refusal.into(),
            FactorError::Db(error) => error.into(),
        }
    }
}

fn too_many(wait: Duration) -> ApiError {
    // Rounded up: a client that waits as long is let in.
    let seconds = wait.as_secs() + 1;
    let minutes = seconds.div_ceil(60);
    let message = format!("Too many wrong codes. Try again in {minutes} minutes; a right code is not accepted before.");
    let policy = Policy { name: "codes", quota: MAX_FAILURES, window: FAILURE_WINDOW, unit: None };
    ApiError::limited(message, policy, seconds)
}
