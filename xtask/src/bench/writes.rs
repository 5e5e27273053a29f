//! Upserts of trips by one client and by many, one at a time and in batches: how many are stored in a second.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::http::median;
use super::load::{self, Sample, Target};
use super::rivals::{Server, make_key_with, product_command, sign_in_as};
use crate::cluster::database;
use crate::run::{Folder, Product, Stop};
use testkit::postgres;

const SCRIPT: &str = include_str!("writes.lua");

/// Workspaces, and in each of them a key.
const WORKSPACES: usize = 16;

/// The settings of Postgres that testkit leaves out for speed: each commit is on the disk before it is answered.
const DURABLE: [&str; 2] = ["fsync=on", "full_page_writes=on"];

/// A load: clients, the workspaces that they write to, and the upserts of one request.
#[derive(Clone, Copy)]
struct Load {
    clients: u32,
    workspaces: usize,
    size: u32,
}

const LOADS: [Load; 5] = [
    Load { clients: 1, workspaces: 1, size: 1 },
    Load { clients: 64, workspaces: 1, size: 1 },
    Load { clients: 64, workspaces: WORKSPACES, size: 1 },
    Load { clients: 1, workspaces: 1, size: 500 },
    Load { clients: 4, workspaces: 4, size: 500 },
];

/// Measures on both engines; the section of the document.
pub(super) fn table(rounds: u32, seconds: u32, stop: &Stop) -> io::Result<String> {
    if !load::prepare() {
        return Err(io::Error::other("without wrk there is no load"));
    }
    if !database::prepare() {
        return Err(io::Error::other("Postgres is not there"));
    }
    let folder = Folder::make("bench-writes")?;
    let folder = folder.path();
    std::fs::write(folder.join("writes.lua"), SCRIPT)?;
    let binary = super::servers()?;
    let mut text = String::from(
        "| | clients | workspaces | upserts in a request | upserts/s | processor time of one | p50 | p99 |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let product = Product { binary: binary.clone(), database: format!("sqlite://{}/writes.db", folder.display()) };
    rows(&mut text, "SQLite", &Node::start(&product, None, folder, "sqlite", stop)?, folder, (rounds, seconds), stop)?;
    let server = postgres::Server::start_with(&DURABLE)?;
    let product = Product { binary, database: server.url("postgres") };
    rows(
        &mut text,
        "Postgres",
        &Node::start(&product, server.pid(), folder, "postgres", stop)?,
        folder,
        (rounds, seconds),
        stop,
    )?;
    Ok(text)
}

/// A node whose workspaces have a key each, in the file `keys`.
struct Node {
    server: Server,
    database: Option<u32>,
}

impl Node {
    fn start(product: &Product, database: Option<i32>, folder: &Path, name: &str, stop: &Stop) -> io::Result<Self> {
        let owner = |number: usize| format!("owner-{number}@example.com");
        let made = (0..WORKSPACES).map(|number| product.make_workspace_of(&format!("writes-{number}"), &owner(number)));
        let passwords: Vec<String> = made.collect::<io::Result<_>>()?;
        let server = Server::start(folder, name, stop, |at| product_command(product, at, &[]))?;
        let key = |(number, password): (usize, &String)| {
            let token = sign_in_as(server.address, &owner(number), password)?;
            make_key_with(server.address, &token, "Schedule", "read_write", "null")
        };
        let keys: Vec<String> = passwords.iter().enumerate().map(key).collect::<io::Result<_>>()?;
        for number in [1, 4, WORKSPACES] {
            std::fs::write(folder.join(format!("keys-{number}")), keys[..number].join("\n"))?;
        }
        Ok(Self { server, database: database.and_then(|pid| pid.try_into().ok()) })
    }

    fn run(&self, load: Load, folder: &Path, seconds: u32) -> io::Result<Sample> {
        let target = Target {
            name: format!("{} clients", load.clients),
            url: format!("http://{}/", self.server.address),
            key: None,
            processes: [self.server.process.id()].into_iter().chain(self.database).collect(),
        };
        let keys = folder.join(format!("keys-{}", load.workspaces)).display().to_string();
        load::run_script(&target, &folder.join("writes.lua"), &[&keys, &load.size.to_string()], load.clients, seconds)
    }
}

fn rows(
    text: &mut String,
    engine: &str,
    node: &Node,
    folder: &Path,
    (rounds, seconds): (u32, u32),
    stop: &Stop,
) -> io::Result<()> {
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); LOADS.len()];
    for round in 0..=rounds {
        for (load, samples) in LOADS.iter().zip(&mut samples) {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let sample = node.run(*load, folder, seconds)?;
            // The round before the first only warms up.
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    for (Load { clients, workspaces, size }, samples) in LOADS.iter().zip(&samples) {
        let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
        let (rate, micros) = (of(|sample| sample.requests_a_second), of(|sample| sample.micros));
        let upserts = f64::from(*size);
        let row = format!(
            "| {engine} | {clients} | {workspaces} | {size} | {:.0} | {:.0} µs | {:.1} ms | {:.1} ms |",
            rate * upserts,
            micros / upserts,
            of(|sample| sample.median),
            of(|sample| sample.p99),
        );
        println!("{row}");
        // Writing to a String cannot fail.
        let _written = writeln!(text, "{row}");
    }
    Ok(())
}
