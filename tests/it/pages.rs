//! The pages without JavaScript.

mod account;
mod audit_log;
mod cluster;
mod confirm;
mod errors;
mod join;
mod keys_list;
mod members;
mod new_key;
mod one_key;
mod revoke;
mod rotate;
mod session;
mod setup;
mod webhooks;
