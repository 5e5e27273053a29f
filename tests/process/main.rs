//! The binary as real processes, over real sockets, with real signals.

mod api_command;
mod audit;
mod changes;
mod clients;
mod collections;
mod commands;
mod copy;
mod crash;
mod example_programs;
mod examples;
mod exposure;
mod logs;
mod mail;
mod member_access;
mod memory;
mod monitoring;
mod overload;
mod packages;
mod receivers;
mod revocation;
mod samples;
mod scan;
mod secret_key;
mod setup;
mod signatures;
mod sockets;
mod start;
mod stop;
mod verifiers;
mod webhook_delivery;
mod webhooks;

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");
