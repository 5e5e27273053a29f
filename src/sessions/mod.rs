//! Sessions: how a person proves, after signing in, who they are.
//!
//! Invariants
//! - A token is 256 bits or more from the operating system; only its SHA-256 is stored.
//! - A session is asked of the database at every request: signing out or removing a member ends it everywhere.
//! - A wrong email and a wrong password are told alike, and take as long. A member has 20 sessions at most.
//! - Guessing from anywhere does not keep out a caller whose browser or address the member signed in from before.
//!
//! - `service` sign in, authenticate, sign out; `store` queries; `api` the calls; `error` outcomes
//! - `limits` how often; `known` browsers and addresses of earlier sign-ins; `failures` on their way to the audit log
//! - `cookie` how a browser carries a session; `pages` sign-in, sign-out, the account

mod api;
mod cookie;
mod error;
mod failures;
mod known;
mod limits;
mod pages;
mod service;
mod store;
mod tables;

pub use api::routes;
pub use cookie::Jar;
pub use error::Error;
pub use known::{Browser, Origin};
pub use pages::routes as pages;
pub(crate) use pages::{enter, farewell};
pub use service::{Attempt, SignIns, SignedIn, authenticate, current, issue, record_failures, require, sign_in};
pub use store::forget_expired;
pub(crate) use tables::all as tables;
