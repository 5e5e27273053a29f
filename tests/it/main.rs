//! The product from outside: the router called in process, with a fixed clock and seeded randomness.

mod browser;
mod page;
mod support;

mod account;
mod audit;
mod auth;
mod background;
mod check;
mod cluster;
mod days;
mod filters;
mod fleet;
mod http;
mod in_flight;
mod invitations;
mod invoices;
mod keys;
mod limits;
mod lists;
mod members;
mod pages;
mod parsers;
mod password_guessing;
mod passwords;
mod permissions;
mod places;
mod plans;
mod reauthentication;
mod safety;
mod secrets;
mod sessions;
mod storage;
mod tables;
mod text;
mod trips;
