//! A right that was lost between the arrival of a request and its write.

/// Why a write is refused whose request was let in. In a [`DbErr::AccessDenied`](sea_orm::DbErr::AccessDenied) it is named by
/// its code, which is the error code of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    Session,
    Role,
    KeyUnknown,
    KeyRevoked,
    KeyExpired,
    KeyAddress,
    KeyScope,
}

impl Lost {
    const ALL: [Self; 7] =
        [Self::Session, Self::Role, Self::KeyUnknown, Self::KeyRevoked, Self::KeyExpired, Self::KeyAddress, Self::KeyScope];

    /// The error code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Session => "SESSION_INVALID",
            Self::Role => "ROLE_REQUIRED",
            Self::KeyUnknown => "API_KEY_INVALID",
            Self::KeyRevoked => "API_KEY_REVOKED",
            Self::KeyExpired => "API_KEY_EXPIRED",
            Self::KeyAddress => "IP_NOT_ALLOWED",
            Self::KeyScope => "SCOPE_REQUIRED",
        }
    }

    /// The right with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lost| lost.code() == code)
    }

    /// The message for the caller.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Session => "This session has ended meanwhile; nothing was changed. Sign in again.",
            Self::Role => "Your role was changed meanwhile; nothing was changed. Try again with the new one.",
            Self::KeyUnknown => "This API key is not valid any more; nothing was changed.",
            Self::KeyRevoked => {
                "This API key was revoked meanwhile; nothing was changed. Ask an administrator of the workspace for a new one."
            }
            Self::KeyExpired => {
                "This API key has expired meanwhile; nothing was changed. Ask an administrator of the workspace for a new one."
            }
            Self::KeyAddress => "This API key may not be used from this address any more; nothing was changed.",
            Self::KeyScope => "This API key does not have the scope any more; nothing was changed.",
        }
    }

    /// Whether the credential itself is gone, rather than one thing that it allowed.
    pub const fn is_credential(self) -> bool {
        !matches!(self, Self::Role | Self::KeyAddress | Self::KeyScope)
    }
}
