//! Sessions: what a person has after signing in. How a person signs in is in `auth`.
//!
//! Invariants
//! - A token has 256 bits or more from the operating system; only its SHA-256 is stored.
//! - Every request reads its session from the database: signing out or removing a member ends it everywhere.
//! - A member has 20 sessions at most.
//!
//! - `model` a session, with the time and the methods of its authentication; `service` start, authenticate, end
//! - `cookie` the cookies of browsers; `pages` the account; `store` queries; `tables` the table

mod cookie;
mod model;
mod pages;
mod service;
mod store;
mod tables;

pub use cookie::CookieName;
pub use model::{AuthMethod, Session};
pub use pages::routes as pages;
pub use service::{LIFETIME, StartedSession, authenticate, end, require, start};
pub use store::{find, forget_expired};
pub(crate) use tables::all as tables;
