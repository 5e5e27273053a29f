//! Costs of the product beside the necessary minimum and alternatives, measured side by side and
//! written to `docs/PERFORMANCE.md` with the commands, the day and the machine.
//!
//! - here what is measured after what; `page` the document, section by section
//! - `http` servers under load, in turns: `rivals` which, `libraries` those of other languages, `load` how
//! - `attack` good keys beside floods; `usage` what counting takes; `scale` the product with many keys
//! - `writes` upserts; `webhooks` the delivery of webhooks; `feed` calls that wait for changes

mod attack;
mod feed;
mod http;
mod libraries;
mod load;
mod page;
mod rivals;
mod scale;
mod usage;
mod webhooks;
mod writes;

use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use testkit::postgres;

use crate::cluster::database;
use crate::command;
use crate::run::{Profile, Stop, build};

#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Parts to measure; left out: all. Sections of other parts stay in the document as they were
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Rounds in which the servers take turns; for the parts http, attack, usage, lists and webhooks
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Seconds of load on each server in each round; for the parts http and attack
    #[arg(long, default_value_t = 2)]
    seconds: u32,
    /// Deliveries of webhooks by which their rate and cost are measured
    #[arg(long, default_value_t = 60_000)]
    deliveries: u64,
    /// Deliveries of webhooks in the backlog that is drained
    #[arg(long, default_value_t = 1_000_000)]
    backlog: u64,
    /// Calls that wait for changes at a time
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    readers: u32,
}

/// A section of the document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub(crate) enum Part {
    /// Verification in process, beside a hash and a map
    Verify,
    /// Servers over HTTP, beside one another
    Http,
    /// Good keys beside floods of refused requests
    Attack,
    /// The product beside itself without counting requests
    Usage,
    /// Many keys in one workspace: start and memory
    Scale,
    /// Lists, exports and the audit chain with many rows
    Rows,
    /// Lists and single rows, beside a bare driver
    Lists,
    /// Upserts by one client and by many, and batches
    Writes,
    /// The delivery of webhooks: rate, cost, time, isolation and a backlog
    Webhooks,
    /// Calls that wait for changes: memory, processor time, and the time until all have one
    Feed,
}

impl Bench {
    /// Measures, and writes what came of it; false, and why on stderr, if it did not come to that.
    pub(crate) fn run(&self) -> bool {
        let measured = Stop::on_signals().and_then(|stop| self.measure(&stop));
        if let Err(error) = &measured {
            eprintln!("the bench has stopped: {error}");
        }
        measured.is_ok()
    }

    fn measure(&self, stop: &Stop) -> io::Result<()> {
        let parts = if self.parts.is_empty() { Part::value_variants() } else { &self.parts };
        for part in parts {
            let text = match part {
                Part::Verify => bench("verify", &[])?,
                Part::Http => http::table(self.rounds, self.seconds, stop)?,
                Part::Attack => attack::table(self.rounds, self.seconds, stop)?,
                Part::Usage => usage::table(self.rounds, stop)?,
                Part::Scale => scale::table(stop)?,
                Part::Rows => on_both_engines("rows", &[])?,
                Part::Lists => on_both_engines("lists", &[&self.rounds.to_string()])?,
                Part::Writes => writes::table(self.rounds, self.seconds, stop)?,
                Part::Webhooks => webhooks::tables(self.rounds, self.deliveries, self.backlog, stop)?,
                Part::Feed => feed::table(self.readers, stop)?,
            };
            page::replace(*part, &text)?;
        }
        Ok(())
    }
}

/// Runs one of the product's own benches; what it printed.
fn bench(name: &str, arguments: &[&str]) -> io::Result<String> {
    let mut command = command("cargo");
    command.args(["bench", "--quiet", "--bench", name, "--"]).args(arguments);
    println!("== cargo bench --bench {name}");
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    if output.status.success() { Ok(text) } else { Err(io::Error::other(format!("the bench {name} failed ({})", output.status))) }
}

/// Runs one of the product's own benches on SQLite, then on Postgres. Returns its output.
fn on_both_engines(name: &str, arguments: &[&str]) -> io::Result<String> {
    let sqlite = bench(name, arguments)?;
    if !database::prepare() {
        return Err(io::Error::other("Postgres is not there"));
    }
    let server = postgres::Server::start()?;
    let url = server.url("postgres");
    let postgres = bench(name, &[arguments, &[url.as_str()]].concat())?;
    Ok(format!("On SQLite:\n\n{}\n\nOn Postgres, on the same machine:\n\n{}", sqlite.trim(), postgres.trim()))
}

/// Builds the servers that are of this repository, as they are released; where the product's binary is then.
fn servers() -> io::Result<PathBuf> {
    // Together: what examples need as well changes the features of dependencies, and all would be built anew for each.
    let binary = build(Profile::Release, &["--bin", "planeconnection", "--example", "bare"]);
    binary.ok_or_else(|| io::Error::other("the servers could not be built"))
}
