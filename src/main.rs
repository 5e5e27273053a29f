//! The binary: see `planeconnection --help`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Threads do not wait for one another in it, also where one frees what another has allocated.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    planeconnection::cli::run()
}
