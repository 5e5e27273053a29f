//! The delivery of webhooks over HTTPS to receivers on this machine: cost, time, isolation, a backlog.
//!
//! - here what is measured after what; `site` nodes, workspaces and endpoints; `receiver` the other end
//! - `drain` as many deliveries as possible, with their cost and memory; `first_byte` the time from a change to its requests, also
//!   beside endpoints that hang; `changes` the cost of a change; `figures` percentiles

mod changes;
mod drain;
mod figures;
mod first_byte;
mod receiver;
mod site;

use std::io;

use crate::cluster::database;
use crate::debian;
use crate::run::{Folder, Profile, Stop, build};
use testkit::postgres;

/// The programs that are measured.
struct Programs {
    product: std::path::PathBuf,
    receiver: std::path::PathBuf,
}

/// Measures everything in one run; the section of the document.
pub(super) fn tables(rounds: u32, deliveries: u64, backlog: u64, stop: &Stop) -> io::Result<String> {
    if !debian::is_on_path("sqlite3") && !debian::install(&["sqlite3"], "the bench needs sqlite3 to make many events") {
        return Err(io::Error::other("without sqlite3 there are no events"));
    }
    if !database::prepare() {
        return Err(io::Error::other("Postgres is not there"));
    }
    let targets = ["--package", "planeconnection", "--package", "webhook-receiver", "--bins"];
    let product = build(Profile::Release, &targets).ok_or_else(|| io::Error::other("the programs could not be built"))?;
    let programs = Programs { receiver: product.with_file_name("webhook-receiver"), product };
    let mut text = String::from("Deliveries a second, and their cost:\n\n");
    text += drain::HEAD;
    text += &drain::on_sqlite(&programs, deliveries, stop)?;
    text += &drain::on_postgres(&programs, deliveries, stop)?;
    text += &drain::on_sqlite(&programs, backlog, stop)?;
    text += "\nFrom a change to the first byte of its requests:\n\n";
    text += first_byte::HEAD;
    text += &first_byte::on_sqlite(&programs, stop)?;
    text += &first_byte::on_postgres(&programs, stop)?;
    text += "\nBeside endpoints that hang:\n\n";
    text += first_byte::HEAD;
    text += &first_byte::beside_hanging(&programs, stop)?;
    text += "\nThe cost of a change:\n\n";
    text += &changes::table(&programs, rounds, stop)?;
    Ok(text)
}

/// A folder for one scenario.
fn folder(name: &str) -> io::Result<Folder> {
    Folder::make(&format!("bench-webhooks-{name}"))
}

/// A throwaway server, and the URL of its database.
fn postgres_server() -> io::Result<(postgres::Server, String)> {
    let server = postgres::Server::start()?;
    let url = server.url("postgres");
    Ok((server, url))
}
