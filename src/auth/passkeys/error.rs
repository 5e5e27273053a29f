//! The outcomes of ceremonies, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;
use webauthn_rs::prelude::WebauthnError;

use super::ceremonies::CeremonyKind;
use super::model::MAX_PASSKEYS;
use super::relying_party::Unavailable;
use crate::access::unauthorized;
use crate::audit::{BeginError, BeginRefusal};
use crate::auth::factors::FactorError;
use kit::http::ApiError;
use kit::limit::RateLimited;
use kit::text::sentence;

/// The reason why a passkey was not added, or did not sign its owner in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("your workspace does not allow passkeys: ask an administrator")]
    NotAllowed,
    #[error("your workspace requires a second factor, and this passkey is your last one: add another one first")]
    LastFactor,
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// The ceremony is unknown, used, expired or somebody else's.
    #[error("this took too long, or was done before: begin again")]
    Ceremony(CeremonyKind),
    /// The response of the browser has another form.
    #[error("must be the PublicKeyCredential of the browser, as its toJSON() writes it")]
    Malformed,
    /// A new credential that does not fit its ceremony.
    #[error("the passkey was not added: {}", why(.0))]
    Registration(WebauthnError),
    #[error("this authenticator has a passkey here already: use that one, or remove it first")]
    AlreadyRegistered,
    #[error("you have {MAX_PASSKEYS} passkeys, the maximum: remove one that you no longer use")]
    TooManyPasskeys,
    /// The signature is wrong, the person was not verified, or the passkey is unknown or was removed.
    #[error("this passkey is not known here, was removed, or could not be verified: sign in another way")]
    Refused,
    /// The signature counter did not go up.
    #[error("this passkey was refused because a copy of it seems to exist: sign in another way, and remove it from your account")]
    Copied,
    /// The person has none for this host.
    #[error("you have no passkey for this address: use your password")]
    NoPasskey,
    #[error("there is no such passkey")]
    NotFound,
    #[error("too many sign-ins failed")]
    Limited(RateLimited),
    #[error("too many sign-ins")]
    TooMany(RateLimited),
    /// The first step of the sign-in is not good any more.
    #[error(transparent)]
    FirstStep(Box<crate::auth::Error>),
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl Error {
    /// A stored state or credential that this version cannot read or write.
    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::Db(DbErr::Json(error.to_string()))
    }
}

/// Returns the reason why a new credential does not fit, as far as a person can do something about it.
const fn why(error: &WebauthnError) -> &'static str {
    match error {
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => {
            "the authenticator did not ask for a PIN, fingerprint or face: set one up on it, or use another authenticator"
        }
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash | WebauthnError::CredentialCrossOrigin => {
            "it was made at another address than the public URL of this server: open the page there"
        }
        WebauthnError::CredentialAlteredAlgFromRequest => {
            "the authenticator has a passkey here already, or uses a kind of signature that was not asked for"
        }
        _ => "the response of the authenticator could not be verified",
    }
}

impl From<crate::auth::Error> for Error {
    fn from(error: crate::auth::Error) -> Self {
        match error {
            crate::auth::Error::Denied(refusal) => Self::Denied(refusal),
            crate::auth::Error::Db(error) => Self::Db(error),
            other => Self::FirstStep(Box::new(other)),
        }
    }
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => Self::Denied(refusal),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::new(StatusCode::CONFLICT, "PASSKEYS_UNAVAILABLE", sentence(error)),
            Error::NotAllowed => Self::new(StatusCode::FORBIDDEN, "PASSKEYS_NOT_ALLOWED", sentence(error)),
            Error::LastFactor => Self::new(StatusCode::CONFLICT, "SECOND_FACTOR_NEEDED", sentence(error)),
            Error::Factor(error) => error.into(),
            // A caller with a session has not lost it.
            Error::Ceremony(CeremonyKind::Registration) => Self::new(StatusCode::GONE, "CHALLENGE_INVALID", sentence(error)),
            Error::Ceremony(CeremonyKind::SignIn | CeremonyKind::SecondStep | CeremonyKind::Reauthentication) => {
                unauthorized("CHALLENGE_INVALID", "This took too long, or was done before. Begin again.")
            }
            Error::Malformed => Self::invalid_field("credential", sentence(error)),
            Error::Registration(_) => Self::new(StatusCode::BAD_REQUEST, "PASSKEY_INVALID", sentence(error)),
            Error::AlreadyRegistered | Error::NoPasskey => Self::conflict(sentence(error)),
            Error::TooManyPasskeys => {
                Self::new(StatusCode::CONFLICT, "QUOTA_EXCEEDED", sentence(error)).with("limit", MAX_PASSKEYS)
            }
            Error::Refused => unauthorized(
                "PASSKEY_INVALID",
                "This passkey is not known here, was removed, or could not be verified. Sign in another way.",
            ),
            Error::Copied => unauthorized(
                "PASSKEY_INVALID",
                "This passkey was refused because a copy of it seems to exist. Sign in another way, and remove it from your account.",
            ),
            Error::NotFound => Self::not_found("passkey"),
            Error::Limited(limited) | Error::TooMany(limited) => {
                let message = format!("Too many sign-ins from your network. Try again in {} seconds.", limited.seconds());
                Self::too_soon(message, limited)
            }
            Error::FirstStep(error) => (*error).into(),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
