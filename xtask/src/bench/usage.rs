//! What it costs that requests with keys are counted: the product beside itself without that.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::http::median;
use super::load::{self, Sample, Target};
use super::rivals::{Server, product_command};
use super::scale::{self, Dialect, POSTGRES, SQLITE};
use crate::cluster::database;
use crate::run::{Folder, Product, Profile, Stop, build};
use crate::{debian, postgres};

/// Keys in turn, and seconds of load: long enough for writes, and the rests after them, to be in it more than once.
const KEYS: [(u32, u32); 3] = [(1, 2), (1_000, 2), (50_000, 45)];

const SCRIPT: &str = include_str!("usage.lua");

/// Measures both with each number of keys on each engine; the section of the document.
pub(super) fn table(rounds: u32, stop: &Stop) -> io::Result<String> {
    if !load::prepare() {
        return Err(io::Error::other("without wrk there is no load"));
    }
    if !debian::is_on_path("sqlite3") && !debian::install(&["sqlite3"], "the bench needs sqlite3 to make many keys") {
        return Err(io::Error::other("without sqlite3 there are no keys"));
    }
    if !database::prepare() {
        return Err(io::Error::other("Postgres is not there"));
    }
    let folder = Folder::make("bench-usage")?;
    let folder = folder.path();
    std::fs::write(folder.join("usage.lua"), SCRIPT)?;
    let uncounted = apart(folder, "uncounted", &["--features", "uncounted"])?;
    let counted = apart(folder, "counted", &[])?;
    let psql = postgres::find("psql").ok_or_else(|| io::Error::other("psql is not there"))?;
    let mut text = String::from(
        "| | keys in use | requests/s | of uncounted | CPU a request | of uncounted | 99 % within | uncounted |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let file = |name: &str| folder.join(format!("{name}.db"));
    let start = |name: &str, binary: &Path| {
        let product = Product { binary: binary.to_owned(), database: format!("sqlite://{}", file(name).display()) };
        served(&product, &SQLITE, name, folder, stop, || scale::sqlite(&file(name)))
    };
    rows(&mut text, "SQLite", &[start("counted", &counted)?, start("uncounted", &uncounted)?], folder, rounds, stop)?;
    // Both in one server, which a database that is not used does not slow.
    let server = postgres::Server::start()?;
    let start = |name: &str, binary: &Path| {
        scale::told(scale::psql(&psql, &server.url("postgres")), &format!("CREATE DATABASE {name}"))?;
        let product = Product { binary: binary.to_owned(), database: server.url(name) };
        served(&product, &POSTGRES, name, folder, stop, || scale::psql(&psql, &product.database))
    };
    rows(&mut text, "Postgres", &[start("counted", &counted)?, start("uncounted", &uncounted)?], folder, rounds, stop)?;
    Ok(text)
}

/// A binary that stays as it is when the next one is built.
fn apart(folder: &Path, name: &str, features: &[&str]) -> io::Result<PathBuf> {
    let built = build(Profile::Release, &[&["--bin", "planeconnection", "--example", "bare"], features].concat());
    let built = built.ok_or_else(|| io::Error::other("the product could not be built"))?;
    let copy = folder.join(name);
    std::fs::copy(built, &copy)?;
    Ok(copy)
}

/// Serves a database with as many keys as are ever in use.
fn served(
    product: &Product,
    dialect: &Dialect,
    name: &str,
    folder: &Path,
    stop: &Stop,
    client: impl Fn() -> Command,
) -> io::Result<Server> {
    product.make_workspace()?;
    product.make_key()?;
    let most = KEYS.map(|(keys, _)| keys).into_iter().max().unwrap_or(1);
    let digest = |number: u32| {
        let digest = Sha256::digest(format!("pck_{number:038}"));
        digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    };
    let values: Vec<String> = (1..=most).map(|number| format!("({number}, {})", (dialect.bytes)(&digest(number)))).collect();
    let sql = format!(
        "WITH n(i, digest) AS (VALUES {}), one AS (SELECT * FROM api_keys LIMIT 1) {}",
        values.join(", "),
        dialect.copies("n.digest", "one, n"),
    );
    scale::told(client(), &sql)?;
    Server::start(folder, name, stop, |at| product_command(product, at, &[]))
}

fn rows(text: &mut String, engine: &str, servers: &[Server; 2], folder: &Path, rounds: u32, stop: &Stop) -> io::Result<()> {
    for (keys, seconds) in KEYS {
        // Short ones are many, as the difference is smaller than what they differ by themselves.
        let rounds = if seconds > 2 { rounds.div_ceil(3) } else { rounds * 3 };
        let mut samples: [Vec<Sample>; 2] = Default::default();
        for round in 0..=rounds {
            let mut turns: Vec<_> = servers.iter().zip(&mut samples).collect();
            if round % 2 == 1 {
                turns.reverse();
            }
            for (server, samples) in turns {
                if stop.is_asked() {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let sample = one(server, keys, if round == 0 { 2 } else { seconds }, folder)?;
                println!("{engine}, {keys} keys, round {round}: {:.0}/s", sample.requests_a_second);
                // The first round only warms up.
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
        let [counted, uncounted] = &samples;
        let of = |samples: &[Sample], figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
        let ratio = |figure: fn(&Sample) -> f64| {
            median(counted.iter().zip(uncounted).map(|(one, other)| figure(one) / figure(other)).collect())
        };
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {engine} | {keys} | {:.0} | {:.3} | {:.2} µs | {:.3} | {:.2} ms | {:.2} ms |",
            of(counted, |sample| sample.requests_a_second),
            ratio(|sample| sample.requests_a_second),
            of(counted, |sample| sample.micros),
            ratio(|sample| sample.micros),
            of(counted, |sample| sample.p99),
            of(uncounted, |sample| sample.p99),
        );
    }
    Ok(())
}

fn one(server: &Server, keys: u32, seconds: u32, folder: &Path) -> io::Result<Sample> {
    let target = Target {
        name: format!("{keys} keys"),
        url: format!("http://{}/api/v1/auth/whoami", server.address),
        key: None,
        process: server.process.id(),
    };
    load::run_script(&target, &folder.join("usage.lua"), &[&keys.to_string()], load::CONNECTIONS, seconds)
}
