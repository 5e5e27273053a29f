//! The pages, as a browser without a script sees them.

mod audit_log;
mod cluster;
mod join;
mod keys_list;
mod members;
mod new_key;
mod one_key;
mod revoke;
mod rotate;
mod session;
mod setup;
