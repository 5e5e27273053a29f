//! A person's own account: name, password, second factors, passkeys and sessions, as "Profile & Security" and over the API.
//!
//! Invariants
//! - A person sees and changes only what is their own; the session of somebody else is not found.
//! - A change of the password ends the person's other sessions and gives this one a new token.
//!
//! - `api` the calls; `pages` the pages. The use cases are in `auth` (passwords, passkeys), `sessions` and `members` (the name).

mod api;
mod pages;

pub use api::routes;
pub use pages::routes as pages;
