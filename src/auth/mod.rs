//! Authentication of people: how a person proves who they are. What they get for it is a session, see `sessions`.
//!
//! Invariants
//! - A wrong email and a wrong password get one and the same response, and take as long.
//! - Guessing from anywhere does not lock out a caller whose browser or address the member signed in from before.
//! - A password without its second step counts as nothing: no session, no event, no known caller.
//! - Nothing is hashed before the limits of sign-ins were asked; the number of hashes at once is bounded.
//!
//! Belongs here: factors, challenges, limits of attempts, re-authentication.
//! - `change_password` a person's own password; `reauthenticate` a proof of identity within a session
//! - `passkeys` passkeys of a person, and sign-ins with one
//! - `resets` passwords that an administrator or the operator resets, links for it, and links that people ask for by email
//! - `password` rules, hashing and its permits; `sign_in` from a password to a session; `factors` second factors; `second_step`
//!   from a challenge to a session; `limits` rate limits of sign-ins
//! - `known_callers` browsers and addresses of earlier sign-ins; `failures` failed sign-ins on their way to the audit log
//! - `api`, `pages` sign-in and sign-out; `store`, `tables` known callers; `error` outcomes

mod api;
mod change_password;
mod error;
pub mod factors;
mod failures;
mod known_callers;
mod limits;
mod pages;
pub mod passkeys;
pub mod password;
mod reauthenticate;
mod resets;
mod second_step;
mod sign_in;
mod store;
mod tables;

pub use api::routes;
pub use change_password::{ChangePassword, change_password};
pub use error::Error;
pub use known_callers::{Browser, Origin};
pub use pages::routes as pages;
pub(crate) use pages::{redirect_signed_out, safe_next, start_session};
pub use reauthenticate::{Proof, Reauthenticated, own_methods, reauthenticate, start_by_passkey};
pub use resets::{
    AdmittedRequest, OpenReset, RequestRefused, ResetError, ResetLink, ResetOf, ResetRequests, find_reset, forget_expired_resets,
    make_reset_link, redeem_reset, reset_password, send_reset_links,
};
pub use second_step::{OpenChallenge, SecondStep, complete_sign_in, find_challenge};
pub use sign_in::{Attempt, SignIns, SignedIn, open_session, sign_in};
pub use store::forget_unused_callers;

/// The tables to copy between databases.
pub(crate) fn tables() -> Vec<Box<dyn kit::db::Table>> {
    [tables::all(), resets::tables(), factors::tables(), passkeys::tables()].into_iter().flatten().collect()
}

/// Ends what could still become a session of the workspace: sign-ins that wait for a second step, and links that reset passwords.
pub(crate) async fn end_open_attempts(tx: &crate::audit::AuditedTx) -> kit::db::DbResult<()> {
    factors::challenges::withdraw_all(tx.db(), tx.workspace()).await?;
    resets::withdraw_all(tx.db(), tx.workspace()).await
}
