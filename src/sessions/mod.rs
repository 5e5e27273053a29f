//! Sessions: what a person has after signing in. How a person signs in is in `auth`.
//!
//! Invariants
//! - A token has 256 bits or more from the operating system; only its SHA-256 is stored.
//! - Every request reads its session from the database: signing out or removing a member ends it everywhere.
//! - A session ends after the idle time and the absolute time of the workspace's present policy, whichever comes first.
//! - A member has 20 sessions at most.
//! - The id of a session is neither its token nor the digest of it.
//!
//! - `model` a session, with the time and the methods of its authentication; `service` start, authenticate, renew, end
//! - `last_seen` uses on their way to the database; `cookie` the cookies of browsers; `store` queries; `tables` the table

mod cookie;
mod last_seen;
mod model;
mod service;
mod store;
mod tables;

pub use cookie::CookieName;
pub use last_seen::LastSeen;
pub use model::{AuthMethod, EndingSession, ListedSession, Session, SessionId};
pub use service::{
    RenewedSession, StartedSession, authenticate, end, end_all, end_all_but, end_everyone, end_one, end_others, end_over, renew,
    require, set_proof, start,
};
pub use store::{find, forget_expired, list, list_ending};
pub(crate) use tables::all as tables;
