//! The product as real processes: the binary itself, over real sockets, with real signals.

#[path = "../support/database.rs"]
#[expect(dead_code, reason = "made for the tests in process, too")]
mod database;
#[expect(dead_code, reason = "made for the tests of many nodes, too")]
mod support;

mod audit;
mod commands;
mod copy;
mod crash;
mod door;
mod exposure;
mod logs;
mod memory;
mod revocation;
mod setup;
mod sockets;
mod start;
mod stop;
