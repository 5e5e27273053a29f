//! The product from outside: the router called in process, with a fixed clock and seeded randomness.

mod browser;
mod support;

mod audit;
mod auth;
mod check;
mod cluster;
mod fleet;
mod http;
mod invoices;
mod keys;
mod members;
mod pages;
mod permissions;
mod safety;
mod sessions;
mod trips;
