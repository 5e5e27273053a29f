//! Chores of the repository, each one command: `cargo xtask help`.

mod api;
mod browser;

use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything CI runs: formatting, lints, docs, all tests
    Test,
    /// Only what is quick: formatting, lints and the tests
    Check,
    /// Pictures of the pages, into target/pictures
    Pictures,
    /// A property-based run against a live server, and a generated client at work (needs Python 3 and curl)
    Api,
}

/// A command line to run, and what it is for.
struct Step {
    what: &'static str,
    line: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const FORMAT: Step = Step { what: "formatting", line: &["cargo", "fmt", "--all", "--check"], environment: &[] };
const LINTS: Step = Step {
    what: "lints",
    line: &["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    environment: &[],
};
const DOCS: Step = Step {
    what: "documentation",
    line: &["cargo", "doc", "--workspace", "--no-deps", "--quiet"],
    environment: &[("RUSTDOCFLAGS", "-D warnings")],
};
const NEXTEST: &[&str] = &["cargo", "nextest", "run", "--workspace"];
const PLAIN: &[&str] = &["cargo", "test", "--workspace", "--quiet"];

fn main() -> ExitCode {
    let has_passed = match Cli::parse().chore {
        Chore::Test => browser::prepare() && all(vec![FORMAT, LINTS, DOCS, tests()]),
        Chore::Check => browser::prepare() && all(vec![FORMAT, LINTS, tests()]),
        Chore::Pictures => browser::prepare() && browser::pictures(),
        Chore::Api => api::run(),
    };
    if has_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs steps until one fails.
fn all(steps: Vec<Step>) -> bool {
    for step in steps {
        println!("== {}: {}", step.what, step.line.join(" "));
        if !run(&step) {
            eprintln!("== {} failed", step.what);
            return false;
        }
    }
    println!("== all passed");
    true
}

/// nextest runs tests in parallel processes; where it is not installed, cargo's own runner does.
fn tests() -> Step {
    let has_nextest = Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|out| out.status.success());
    // A snapshot that was never reviewed is a failure, not a new snapshot.
    Step { what: "tests", line: if has_nextest { NEXTEST } else { PLAIN }, environment: &[("INSTA_UPDATE", "no")] }
}

fn run(step: &Step) -> bool {
    let Some((program, arguments)) = step.line.split_first() else { return true };
    command(program).args(arguments).envs(step.environment.iter().copied()).status().is_ok_and(|status| status.success())
}

/// Says what is run, and runs it.
fn run_aloud(command: &mut Command) -> bool {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    println!("== {}", words.map(std::ffi::OsStr::to_string_lossy).collect::<Vec<_>>().join(" "));
    command.status().is_ok_and(|status| status.success())
}

/// A program that is not told what cargo told this one about itself. Build scripts watch those variables: ring, sqlx and
/// all above them would be built anew whenever a chore follows a cargo command of one's own, or the other way round.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}
