//! Chores of the repository, each one command: `cargo xtask help`.

mod api;

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
    let steps = match Cli::parse().chore {
        Chore::Test => vec![FORMAT, LINTS, DOCS, tests()],
        Chore::Check => vec![FORMAT, LINTS, tests()],
        Chore::Api => return if api::run() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    };
    for step in steps {
        println!("== {}: {}", step.what, step.line.join(" "));
        if !run(&step) {
            eprintln!("== {} failed", step.what);
            return ExitCode::FAILURE;
        }
    }
    println!("== all passed");
    ExitCode::SUCCESS
}

/// nextest runs tests in parallel processes; where it is not installed, cargo's own runner does.
fn tests() -> Step {
    let has_nextest = Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|out| out.status.success());
    // A snapshot that was never reviewed is a failure, not a new snapshot.
    Step { what: "tests", line: if has_nextest { NEXTEST } else { PLAIN }, environment: &[("INSTA_UPDATE", "no")] }
}

fn run(step: &Step) -> bool {
    let Some((program, arguments)) = step.line.split_first() else { return true };
    Command::new(program).args(arguments).envs(step.environment.iter().copied()).status().is_ok_and(|status| status.success())
}
