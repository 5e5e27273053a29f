//! The instructions that the path of a request takes, held against its budget by `benches/cost.rs`.

use std::path::{Path, PathBuf};

use crate::debian::{install, is_on_path};
use crate::{Step, command, run_aloud};

/// The version of the program that runs a benchmark under callgrind, the same as that of the library in Cargo.toml.
const RUNNER: &str = "0.20.0";

/// The folder that it is installed in.
const TOOLS: &str = "target/tools";

/// Makes sure that callgrind and the runner are here; false, and why on stderr, if they cannot be.
pub(crate) fn prepare() -> bool {
    let why = "the budget of instructions needs callgrind";
    (is_on_path("valgrind") || install(&["valgrind", "libc6-dbg"], why)) && (has_runner() || install_runner())
}

/// Counts, and compares.
pub(crate) fn step() -> Step {
    let line = ["cargo", "bench", "--workspace", "--profile", "dev", "--bench", "cost"];
    let runner = runner().display().to_string();
    Step::new("budget of instructions", &line, &[("GUNGRAUN_RUNNER", &runner)])
}

fn runner() -> PathBuf {
    std::path::absolute(Path::new(TOOLS).join("bin/gungraun-runner")).unwrap_or_default()
}

fn has_runner() -> bool {
    let installed = std::fs::read_to_string(Path::new(TOOLS).join(".crates.toml")).unwrap_or_default();
    runner().is_file() && installed.contains(&format!("gungraun-runner {RUNNER} "))
}

fn install_runner() -> bool {
    let install = ["install", "gungraun-runner", "--version", RUNNER, "--root", TOOLS, "--debug", "--quiet", "--force"];
    run_aloud(command("cargo").args(install))
}
