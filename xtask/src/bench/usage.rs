//! The cost of counting usage: the product beside itself without it.

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
use testkit::postgres;

use crate::debian;

/// Keys in turn, and seconds of load: for many, twice as long as from one write to the next.
const KEYS: [(u32, u32); 3] = [(1, 10), (1_000, 10), (MOST, 100)];

/// Connections to each of the two, which are under load at the same time: whatever slows the machine for a while slows both.
const CONNECTIONS: u32 = load::CONNECTIONS / 2;

const MOST: u32 = 50_000;

const SCRIPT: &str = include_str!("usage.lua");

/// The kernel setting that gives each session its own share of the processors, outside control groups. Each process of Postgres
/// is a session, and under load one may wait for seconds, so that its node loses the lease.
const AUTOGROUP: &str = "/proc/sys/kernel/sched_autogroup_enabled";

/// One of the two, with a database of its own.
struct Side {
    server: Server,
    database: Option<postgres::Server>,
}

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
    if std::fs::read_to_string(AUTOGROUP).is_ok_and(|state| state.trim() == "1") {
        return Err(io::Error::other(
            "Postgres would not get its turn: `sysctl kernel.sched_autogroup_enabled=0` for as long as it takes",
        ));
    }
    let psql = postgres::find("psql").ok_or_else(|| io::Error::other("psql is not there"))?;
    let folder = Folder::make("bench-usage")?;
    let folder = folder.path();
    std::fs::write(folder.join("usage.lua"), SCRIPT)?;
    let keys: Vec<String> = (0..MOST).map(key).collect();
    std::fs::write(folder.join("keys"), keys.join("\n"))?;
    // The usual one last, which whatever is built next goes on from.
    let uncounted = apart(folder, "uncounted", &["--features", "uncounted"])?;
    let counted = apart(folder, "counted", &[])?;
    let mut text = String::from(
        "| | keys in use | server | client | uncounted: server | client | ratio of the sums | range over rounds | p99 | uncounted |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let on_file = |name: &str, binary: &Path| {
        let file = folder.join(format!("{name}.db"));
        let product = Product { binary: binary.to_owned(), database: format!("sqlite://{}", file.display()) };
        let server = served(&product, &SQLITE, name, folder, stop, || scale::sqlite(&file))?;
        Ok::<_, io::Error>(Side { server, database: None })
    };
    rows(&mut text, "SQLite", &[on_file("counted", &counted)?, on_file("uncounted", &uncounted)?], folder, rounds, stop)?;
    let on_server = |name: &str, binary: &Path| {
        let database = postgres::Server::start()?;
        let product = Product { binary: binary.to_owned(), database: database.url("postgres") };
        let server = served(&product, &POSTGRES, name, folder, stop, || scale::psql(&psql, &product.database))?;
        Ok::<_, io::Error>(Side { server, database: Some(database) })
    };
    rows(&mut text, "Postgres", &[on_server("counted", &counted)?, on_server("uncounted", &uncounted)?], folder, rounds, stop)?;
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

/// A key with its checksum, as `src/keys/format.rs` has it.
fn key(number: u32) -> String {
    let covered = format!("pck_{number:032}");
    let sum = crc32fast::hash(covered.as_bytes());
    let checksum = (0..6).rev().map(|place| char::from(BASE62[(sum / 62_u32.pow(place) % 62) as usize]));
    covered.chars().chain(checksum).collect()
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

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
    let digest = |number: u32| Sha256::digest(key(number)).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let values: Vec<String> = (0..MOST).map(|number| format!("({number}, {})", (dialect.bytes)(&digest(number)))).collect();
    let sql = format!(
        "WITH n(i, digest) AS (VALUES {}), one AS (SELECT * FROM api_keys LIMIT 1) {}",
        values.join(", "),
        dialect.copies("n.digest", "one, n"),
    );
    scale::told(client(), &sql)?;
    Server::start(folder, name, stop, |at| product_command(product, at, &[]))
}

fn rows(text: &mut String, engine: &str, sides: &[Side; 2], folder: &Path, rounds: u32, stop: &Stop) -> io::Result<()> {
    for (keys, seconds) in KEYS {
        // As much load for many keys as for few.
        let rounds = if seconds > 10 { rounds.div_ceil(3) } else { rounds };
        let mut samples = Vec::new();
        for round in 0..=rounds {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let [counted, uncounted] = both(sides, keys, if round == 0 { warm_up(seconds) } else { seconds }, folder)?;
            let [one, other] = [&counted, &uncounted].map(all);
            println!("{engine}, {keys} keys, round {round}: {one:.2} us, uncounted {other:.2} us, {:.3}", one / other);
            // The round before the first only warms up.
            if round > 0 {
                samples.push((counted, uncounted));
            }
        }
        let counted = |figure: fn(&Sample) -> f64| median(samples.iter().map(|(counted, _)| figure(counted)).collect());
        let uncounted = |figure: fn(&Sample) -> f64| median(samples.iter().map(|(_, uncounted)| figure(uncounted)).collect());
        let ratios: Vec<f64> = samples.iter().map(|(one, other)| all(one) / all(other)).collect();
        let (lowest, highest) = ratios.iter().fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(*at), high.max(*at)));
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {engine} | {keys} | {:.2} µs | {:.2} µs | {:.2} µs | {:.2} µs | {:.3} | {lowest:.3} to {highest:.3} | {:.2} ms | {:.2} ms |",
            counted(|sample| sample.micros),
            counted(|sample| sample.client),
            uncounted(|sample| sample.micros),
            uncounted(|sample| sample.client),
            median(ratios),
            counted(|sample| sample.p99),
            uncounted(|sample| sample.p99),
        );
    }
    Ok(())
}

/// Seconds of the round that warms up. That with many keys covers their first use, which is recorded once for each key and makes
/// its checks due, and the checks themselves, which a job makes every half minute.
fn warm_up(seconds: u32) -> u32 {
    if seconds > 10 { 2 * seconds } else { 2 }
}

/// Returns the processor time of a request: where processors are the only bottleneck, its inverse is the throughput.
fn all(sample: &Sample) -> f64 {
    sample.micros + sample.client
}

/// Load on both at once.
fn both(sides: &[Side; 2], keys: u32, seconds: u32, folder: &Path) -> io::Result<[Sample; 2]> {
    let one = |side: &Side| {
        let database = side.database.as_ref().and_then(postgres::Server::pid).and_then(|pid| pid.try_into().ok());
        let target = Target {
            name: format!("{keys} keys"),
            url: format!("http://{}/api/v1/auth/whoami", side.server.address),
            key: None,
            processes: [side.server.process.id()].into_iter().chain(database).collect(),
        };
        let file = folder.join("keys").display().to_string();
        load::run_script(&target, &folder.join("usage.lua"), &[&file, &keys.to_string()], CONNECTIONS, seconds)
    };
    let [first, second] = sides;
    std::thread::scope(|scope| {
        let running = scope.spawn(|| one(first));
        let second = one(second);
        let first = running.join().map_err(|_| io::Error::other("a load has panicked"))?;
        Ok([first?, second?])
    })
}
