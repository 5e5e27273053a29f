//! The binary: see `planeconnection --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    planeconnection::cli::run()
}
