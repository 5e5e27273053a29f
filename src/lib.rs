//! PlaneConnection API keys: access for other software to the workspace of an aviation operator.
//!
//! `docs/ARCHITECTURE.md` is the map. Each slice has the same files: `mod` (purpose, invariants, file map), `model` (types and
//! rules without I/O), `store` (queries), `service` (use cases), `api` (JSON), `pages` (HTML), `error`.

pub mod access;
pub mod account;
pub mod app;
pub mod audit;
pub mod auth;
pub mod background;
pub mod build_info;
pub mod changes;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod core;
pub mod findings;
pub mod fleet;
pub mod frame;
pub mod home;
pub mod invoices;
pub mod keys;
pub mod leaks;
pub mod limits;
pub mod mail;
pub mod members;
pub mod metrics;
pub mod middleware;
pub mod migrations;
pub mod reference;
pub mod request_context;
pub mod requests;
pub mod router;
pub mod safety;
pub mod sandbox;
pub mod scopes;
pub mod secret_key;
pub mod security;
pub mod sessions;
pub mod trips;
pub mod webhooks;
pub mod workspaces;
