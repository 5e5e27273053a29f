//! Second factors: verification codes of an authenticator app (TOTP), backup codes, and the codes of a reset.
//!
//! Invariants
//! - A code is accepted once, on all nodes together: the last accepted step is replaced by compare-and-set, a backup code is
//!   deleted.
//! - A person has at most 50 wrong codes an hour, over all challenges, pages, calls and nodes. Then a right one is refused, too.
//! - Secrets of apps are sealed with the key of the instance, backup codes stored by digest: the database alone gives no second factor.
//! - `members.second_factor_at` and the prefix of the password's hash follow the factors, in the same transaction (`refresh`).
//!
//! - `model` codes and challenges; `totp` codes by RFC 6238; `service` the second step; `set_up` changes of a person's own factors
//! - `challenges` between the two steps of a sign-in; `reset`, `reset_codes` after a reset; `qr` the code to scan
//! - `store` queries; `tables` their tables; `error` outcomes

pub(super) mod challenges;
mod error;
mod model;
mod qr;
mod reset;
mod reset_codes;
mod service;
mod set_up;
mod store;
mod tables;
mod totp;

pub use error::FactorError;
pub use model::{BACKUP_CODES, BackupCode, Challenge, FEW_BACKUP_CODES, TotpId};
pub(super) use reset::reset_two_factor_in;
pub use reset::{TwoFactorReset, reset_two_factor};
pub(super) use service::{Checked, check, require_tries};
pub use service::{forget_old_challenges, refresh, require_long_password, second_methods};
pub use set_up::{
    SetUp, TwoFactorState, begin_set_up, confirm_set_up, disable, enable, find_set_up, replace_backup_codes, two_factor_state,
    verify_set_up,
};
pub(super) use tables::all as tables;
pub use tables::sealed_secrets;
pub use totp::TotpSecret;

/// The purpose that secrets of apps are sealed for.
const SEALED_AS: &str = "totp";
