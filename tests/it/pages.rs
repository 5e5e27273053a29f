//! The pages without JavaScript.

mod account;
mod audit_log;
mod bulk;
mod cluster;
mod confirm;
mod data;
mod errors;
mod home;
mod join;
mod key_policy;
mod keys_list;
mod leaks;
mod least_privilege;
mod members;
mod new_key;
mod one_key;
mod pause;
mod report_form;
mod revoke;
mod rotate;
mod session;
mod setup;
mod webhooks;
