//! The product with many keys in one workspace: duration of a start, and memory per key.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::rivals::{Server, product_command};
use crate::cluster::database;
use crate::run::{Folder, Product, Stop};
use testkit::postgres;

use crate::debian;

const SIZES: [u64; 4] = [0, 100_000, 1_000_000, 10_000_000];

/// Measures each size on each engine; the section of the document.
pub(super) fn table(stop: &Stop) -> io::Result<String> {
    if !debian::is_on_path("sqlite3") && !debian::install(&["sqlite3"], "the bench needs sqlite3 to make many keys") {
        return Err(io::Error::other("without sqlite3 there are no keys"));
    }
    if !database::prepare() {
        return Err(io::Error::other("Postgres is not there"));
    }
    let binary = super::servers()?;
    let mut text = String::from(
        "| | keys | start, of which loading | memory | per key |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
    );
    let mut without = None;
    for keys in SIZES {
        let folder = Folder::make("bench-scale")?;
        let file = folder.path().join("scale.db");
        let product = Product { binary: binary.clone(), database: format!("sqlite://{}", file.display()) };
        fill(&product, keys, &SQLITE, || sqlite(&file))?;
        text += &row("SQLite", &product, keys, folder.path(), stop, &mut without)?;
    }
    let psql = postgres::find("psql").ok_or_else(|| io::Error::other("psql is not there"))?;
    let mut without = None;
    for keys in SIZES {
        let folder = Folder::make("bench-scale")?;
        let server = postgres::Server::start()?;
        let product = Product { binary: binary.clone(), database: server.url("postgres") };
        fill(&product, keys, &POSTGRES, || self::psql(&psql, &product.database))?;
        text += &row("Postgres", &product, keys, folder.path(), stop, &mut without)?;
    }
    Ok(text)
}

fn row(engine: &str, product: &Product, keys: u64, folder: &Path, stop: &Stop, without: &mut Option<u64>) -> io::Result<String> {
    let begun = Instant::now();
    let server = Server::start(folder, "scale", stop, |at| product_command(product, at, &[]))?;
    let start = begun.elapsed().as_secs_f64();
    let memory = resident(server.process.id(), "VmRSS:")?;
    let first = *without.get_or_insert(memory);
    let loaded = loading(&folder.join("scale.log"));
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    let (mib, each) = (memory as f64 / 1_048_576.0, (memory - first.min(memory)) as f64 / keys.max(1) as f64);
    let each = if keys == 0 { String::new() } else { format!("{each:.0} bytes") };
    println!("{engine}, {keys} keys: {start:.2} s, {mib:.0} MiB, {each}");
    Ok(format!("| {engine} | {keys} | {start:.2} s, {loaded:.2} s | {mib:.0} MiB | {each} |\n"))
}

/// SQLite's own client.
pub(super) fn sqlite(file: &Path) -> Command {
    let mut client = Command::new("sqlite3");
    client.arg(file);
    client
}

/// That of Postgres.
pub(super) fn psql(program: &Path, database: &str) -> Command {
    let mut client = Command::new(program);
    client.args(["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", database]);
    client
}

/// The SQL of an engine that generates rows.
pub(super) struct Dialect {
    before: &'static str,
    after: &'static str,
    /// Asks for the statements that make the indexes.
    indexes: &'static str,
    id: &'static str,
    digest: &'static str,
    /// Bytes, given in hexadecimal.
    pub(super) bytes: fn(&str) -> String,
    /// As many seconds after the beginning of 2020 as the number of the row.
    created: &'static str,
}

pub(super) const SQLITE: Dialect = Dialect {
    after: "",
    before: "PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000;",
    indexes: "SELECT sql FROM sqlite_master WHERE tbl_name = 'api_keys' AND name LIKE 'api_keys_by_%'",
    id: "randomblob(16)",
    digest: "randomblob(32)",
    bytes: |hex| format!("x'{hex}'"),
    created: "strftime('%Y-%m-%dT%H:%M:%S', '2020-01-01', '+' || i || ' seconds') || '.000000+00:00'",
};

pub(super) const POSTGRES: Dialect = Dialect {
    before: "",
    // As it does by itself after a while: who reads rows first writes down that they are there.
    after: "VACUUM ANALYZE api_keys;",
    indexes: "SELECT indexdef FROM pg_indexes WHERE tablename = 'api_keys' AND indexname LIKE 'api_keys_by_%'",
    id: "gen_random_uuid()",
    digest: "sha256(gen_random_uuid()::text::bytea)",
    bytes: |hex| format!("'\\x{hex}'::bytea"),
    created: "timestamptz '2020-01-01 00:00:00Z' + make_interval(secs => i)",
};

impl Dialect {
    /// The end of a statement that makes copies of a key, with other ids, names, times and revisions, and these digests;
    /// `from` has a key `one` and numbers `i`.
    pub(super) fn copies(&self, digest: &str, from: &str) -> String {
        let Self { id, created, .. } = self;
        format!(
            "INSERT INTO api_keys (id, workspace_id, digest, hint, name, permissions, scopes, created_at, created_by_id, \
                                   created_by_name, revision) \
             SELECT {id}, workspace_id, {digest}, hint, 'Key ' || i, permissions, scopes, {created}, created_by_id, \
                    created_by_name, revision + i FROM {from}; \
             UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)"
        )
    }
}

/// Makes a workspace and a key, and, by the database's own client, behind the product's back, copies of it with other ids,
/// digests, names, times and revisions.
fn fill(product: &Product, keys: u64, dialect: &Dialect, client: impl Fn() -> Command) -> io::Result<()> {
    product.make_workspace()?;
    product.make_key()?;
    let Dialect { before, after, indexes, digest, .. } = dialect;
    // Made once all keys are there, which takes minutes less.
    let indexes = told(client(), indexes)?;
    let name = |index: &str| index.split_whitespace().nth(2).map(|name| format!("DROP INDEX {name};"));
    let without: String = indexes.lines().filter_map(name).collect();
    let with = indexes.lines().collect::<Vec<_>>().join(";");
    let sql = format!(
        "{before} {without} \
         WITH RECURSIVE n(i) AS (SELECT 1 WHERE {keys} > 0 UNION ALL SELECT i + 1 FROM n WHERE i < {keys}), \
              one AS (SELECT * FROM api_keys LIMIT 1) {}; {with}; {after}",
        dialect.copies(digest, "one, n"),
    );
    told(client(), &sql).map(|_| ())
}

/// Returns the output of a database's client for some statements.
pub(super) fn told(mut client: Command, sql: &str) -> io::Result<String> {
    let mut running = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = running.stdin.take() {
        writeln!(stdin, "{sql};")?;
    }
    let output = running.wait_with_output()?;
    if !output.status.success() {
        return Err(io::Error::other("the rows could not be made"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Bytes of a process that are in memory: by the field `VmRSS:` of its status those now, by `VmHWM:` the most so far.
pub(super) fn resident(process: u32, field: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no {field}")))
}

/// Seconds that the log says loading has taken.
fn loading(log: &Path) -> f64 {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let seconds = said.lines().find_map(|line| line.split_once("keys are loaded")?.1.split_once("seconds="));
    seconds.and_then(|(_, seconds)| seconds.trim().parse().ok()).unwrap_or(f64::NAN)
}
