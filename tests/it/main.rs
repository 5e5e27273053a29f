//! The product from outside: the router called in process, with a fixed clock and seeded randomness.

mod support;

mod auth;
mod cluster;
mod keys;
mod permissions;
