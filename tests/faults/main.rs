//! Storage faults against the real binary: acknowledged writes are stored, whatever happens to the disk, the server, the
//! connection or the process.
//!
//! - `trial` a node, the clients that call it, and the properties that hold throughout; `caller` one client
//! - `ledger` the reference model of possible values; `stored` the database as another program reads it
//! - `shim` calls on files that fail, by `shim.c`; `disk` a file system for one test
//! - `commits` a proxy to a server that can lose commits
//! - `sqlite`, `commands`, `kills`, `servers`, `random` the tests
//!
//! `FAULT_CALLS=200000 cargo test --test faults` makes that many calls in the random test and kills at every write;
//! `FAULT_SEED` repeats a run.

mod caller;
mod commands;
mod commits;
mod disk;
mod kills;
mod ledger;
mod random;
mod servers;
mod shim;
mod sqlite;
mod stored;
mod trial;

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");
