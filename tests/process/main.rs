//! The product as real processes: the binary itself, over real sockets, with real signals.

mod support;

mod commands;
mod crash;
mod logs;
mod memory;
mod revocation;
mod setup;
mod sockets;
mod start;
mod stop;
