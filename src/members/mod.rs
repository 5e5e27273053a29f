//! Members: the people of a workspace, each with one role.
//!
//! Invariants
//! - An email has one seat in a workspace; its password opens that workspace only.
//! - A workspace keeps at least one account owner.
//! - Removing a member signs them out and leaves the workspace's keys alone, but for their custodian.
//! - An open invitation ends when the member who made it may not make it any more.
//!
//! - `role` what each role may do; `model` members; `quota` how many there may be; `store` queries, `password_store`
//!   those on hashes of passwords, `tables` their tables
//! - `service` add, rename, change role, remove; `invitations` invite, join
//! - `second_factors` queries on who has a second factor
//! - `described` rows in the terms of audit events; `error` outcomes
//! - `api` the calls; `pages` Settings > Members, and the page that an invitation links to

mod api;
mod described;
mod error;
mod invitations;
mod model;
mod pages;
mod password_store;
mod quota;
mod role;
mod second_factors;
mod service;
mod store;
mod tables;

pub use api::routes;
pub(crate) use described::{described_after, described_of, password_fingerprint};
pub use error::Error;
pub use model::{AddMember, Email, Member, MemberId, MemberName};
pub use pages::routes as pages;
pub use password_store::{
    MAX_SEATS, confirm_hash, password_hash, password_is_short, restore_guards, set_password, set_password_is_short,
    set_second_factor, with_password,
};
pub use role::Role;
pub use second_factors::{count_with_factor, list_without_factor};
pub use service::{ActingRole, add, event_data, insert, remove, rename, set_role};
pub use store::{
    count_by_workspace, find, find_all, find_by_email, ids, list, list_by_name, list_joined, muted_notices, set_muted_notices,
    with_role,
};
pub(crate) use tables::all as tables;
