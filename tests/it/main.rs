//! The product from outside: the router called in process, with a fixed clock and seeded randomness.

mod support;

mod audit;
mod auth;
mod check;
mod http;
mod keys;
mod members;
mod permissions;
mod sessions;
