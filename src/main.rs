//! The binary: see `planeconnection --help`.

use std::process::ExitCode;

/// The memory allocator of the process: docs/adr/0041-memory-is-allocated-by-jemalloc.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    planeconnection::cli::run()
}
