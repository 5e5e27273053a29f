//! Home, the page after the sign-in: for every role what concerns it. It shows what other slices give and has no data of its own.
//!
//! - `events` the latest of the audit log; `data` the workspace's data, by role; `pages` Home, and the command menu

mod data;
mod events;
mod pages;

pub use pages::routes as pages;
