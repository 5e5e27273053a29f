//! All tests, on both engines: everything on SQLite first, then whatever a database takes part in once more on a
//! throwaway Postgres.

use std::process::Command;

use testkit::postgres::{self, Server};

use crate::debian::{install, install_without_service, is_on_path};
use crate::{Step, browser, budget, clients, deny, previous, proxies, receivers, run};

/// The targets whose tests work on whatever `TEST_POSTGRES` names. They are selected in the whole workspace: cargo unifies the
/// features of the selected packages, and with fewer packages it would build most of the dependencies once more.
const ON_POSTGRES: [&str; 5] = ["--workspace", "--test=it", "--test=process", "--test=browser", "--test=upgrade"];

/// Tests of what is the same on any database: the layout of pages, clients, and samples of calls.
const NOT_ON_POSTGRES: [&str; 3] = ["everywhere::", "clients::", "samples_of_all_calls"];

/// Makes sure that all that tests need beside cargo is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    has_tools()
        && has_promtool()
        && receivers::prepare()
        && clients::prepare()
        && deny::prepare()
        && browser::prepare()
        && proxies::prepare()
        && has_postgres()
        && budget::prepare()
        && previous::build()
}

/// Everything there is.
pub(crate) fn on_sqlite() -> Step {
    tests("tests", &["--workspace"], &[])
}

/// The packages and targets whose tests belong to the quick check.
const QUICK: [&str; 8] = [
    "--package=xtask",
    "--package=digest-map",
    "--package=key-format",
    "--package=kit",
    "--package=planeconnection",
    "--lib",
    "--test=it",
    "--test=process",
];

/// Tests that need promtool, or packages of other languages.
const NOT_QUICK: [&str; 4] = ["alert_rules_pass_their_tests", "verifies_signatures", "clients::", "samples_of_all_calls"];

/// Tests that need [`LANGUAGES`]: those of `examples/`, and of the examples in the documentation.
const IN_LANGUAGES: [&str; 3] = ["example_programs::", "_works_as_printed", "_in_every_language"];

/// The programs that run the examples.
const LANGUAGES: [&str; 5] = ["curl", "jq", "python3", "node", "go"];

/// The tests that take no more than a minute or two. Nothing is installed for them: what is left out is printed.
pub(crate) fn quick() -> Step {
    let mut left_out = NOT_QUICK.to_vec();
    let missing: Vec<_> = LANGUAGES.into_iter().filter(|program| !is_on_path(program)).collect();
    if !missing.is_empty() {
        left_out.extend(IN_LANGUAGES);
        eprintln!("== these are not installed: {}", missing.join(", "));
    }
    eprintln!("== left out of the quick check: {}", left_out.join(", "));
    tests("tests", &without(&QUICK, &left_out), &[])
}

/// Returns the arguments that select these tests, except those whose names contain one of `left_out`.
fn without<'a>(selected: &[&'a str], left_out: &[&'a str]) -> Vec<&'a str> {
    let skips = left_out.iter().flat_map(|name| ["--skip", *name]);
    selected.iter().copied().chain(["--"]).chain(skips).collect()
}

/// Runs what works on any database on a server that goes with it.
pub(crate) fn on_postgres() -> bool {
    match Server::start_in_memory() {
        Ok(server) => {
            let left_out = [&NOT_ON_POSTGRES[..], &IN_LANGUAGES].concat();
            let url = server.url("postgres");
            run(&tests("tests on Postgres", &without(&ON_POSTGRES, &left_out), &[("TEST_POSTGRES", &url)]))
        }
        Err(error) => {
            eprintln!("== Postgres does not start: {error}");
            false
        }
    }
}

/// nextest runs tests in parallel processes; where it is not installed, cargo's own runner does.
fn tests(what: &'static str, which: &[&str], environment: &[(&str, &str)]) -> Step {
    let has_nextest = Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|out| out.status.success());
    let runner: &[&str] = if has_nextest { &["cargo", "nextest", "run"] } else { &["cargo", "test", "--quiet"] };
    // A snapshot that was never reviewed is a failure, not a new snapshot.
    Step::new(what, &[runner, which].concat(), &[&[("INSTA_UPDATE", "no")], environment].concat())
}

fn has_postgres() -> bool {
    let why = "the tests on Postgres need its server";
    postgres::find("initdb").is_some() || install_without_service("postgresql", "postgresql", why)
}

fn has_promtool() -> bool {
    let why = "the tests of the alert rules need promtool";
    is_on_path("promtool") || install_without_service("prometheus", "prometheus", why)
}

fn has_tools() -> bool {
    let tools = [
        ("git", "git", "the tests of a rolling upgrade need git"),
        ("faketime", "faketime", "the tests of machines whose clocks disagree need faketime"),
        ("openssl", "openssl", "the tests of TLS to the database need openssl"),
        ("mkfs.ext4", "e2fsprogs", "the tests of storage faults need mkfs.ext4"),
        ("mount", "mount", "the tests of storage faults need mount"),
    ];
    tools.into_iter().all(|(tool, package, why)| is_on_path(tool) || install(&[package], why))
}
