//! How the product does with many keys in one workspace, on SQLite: how long a start takes, what a key costs in memory, and
//! the list that people open.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::rivals::{Server, product_command, sign_in};
use crate::debian;
use crate::run::{Folder, Product, Stop, ask};

const SIZES: [u64; 5] = [0, 100, 1_000, 100_000, 1_000_000];

/// Requests of each kind; the median is told.
const REQUESTS: usize = 15;

/// Measures each size; the section of the document.
pub(super) fn table(stop: &Stop) -> io::Result<String> {
    if !debian::is_on_path("sqlite3") && !debian::install(&["sqlite3"], "the bench needs sqlite3 to make many keys") {
        return Err(io::Error::other("without sqlite3 there are no keys"));
    }
    let binary = super::servers()?;
    let mut text = String::from(
        "| keys | start, of it loading | memory | a key | list, 20 of them | its last page | search by a part of the name |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut without = None;
    for keys in SIZES {
        let folder = Folder::make("bench-scale")?;
        let product = Product { binary: binary.clone(), database: format!("sqlite://{}/scale.db", folder.path().display()) };
        let password = product.make_workspace()?;
        product.make_key()?;
        add_keys(&folder.path().join("scale.db"), keys)?;
        let begun = Instant::now();
        let server = Server::start(folder.path(), "scale", stop, |at| product_command(&product, at, &[]))?;
        let start = begun.elapsed().as_secs_f64();
        let memory = resident(server.process.id())?;
        let first = *without.get_or_insert(memory);
        let token = sign_in(server.address, &password)?;
        let time = |path: &str| median_time(&server, path, &token);
        let pages = keys / 20 + 1;
        let [list, last_page, search] =
            [time("/api/v1/api-keys")?, time(&format!("/api/v1/api-keys?page={pages}"))?, time("/api/v1/api-keys?search=99")?];
        let loaded = loading(&folder.path().join("scale.log"));
        #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
        let (mib, each) = (memory as f64 / 1_048_576.0, (memory - first.min(memory)) as f64 / keys.max(1) as f64);
        let each = if keys < 100_000 { String::new() } else { format!("{each:.0} bytes") };
        println!("{keys} keys: {start:.2} s, {mib:.0} MiB, list {list:.2} ms");
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {keys} | {start:.2} s, {loaded:.2} s | {mib:.0} MiB | {each} | {list:.2} ms | {last_page:.2} ms | {search:.2} ms |"
        );
    }
    Ok(text)
}

/// Copies the one key that is there, behind the product's back, with other ids, digests, names, times and revisions.
fn add_keys(file: &Path, keys: u64) -> io::Result<()> {
    let sql = format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; CREATE TEMP TABLE one AS SELECT * FROM api_keys; \
         WITH RECURSIVE n(i) AS (SELECT 1 WHERE {keys} > 0 UNION ALL SELECT i + 1 FROM n WHERE i < {keys}) \
         INSERT INTO api_keys (id, workspace_id, digest, hint, name, permissions, scopes, created_at, created_by_id, created_by_name, revision) \
         SELECT randomblob(16), workspace_id, randomblob(32), hint, 'Key ' || i, permissions, scopes, \
                strftime('%Y-%m-%dT%H:%M:%S', '2020-01-01', '+' || i || ' seconds') || '.000000+00:00', created_by_id, created_by_name, revision + i \
         FROM one, n; \
         UPDATE revisions SET value = (SELECT max(revision) FROM api_keys);"
    );
    let mut sqlite = Command::new("sqlite3").arg(file).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut stdin) = sqlite.stdin.take() {
        stdin.write_all(sql.as_bytes())?;
    }
    if sqlite.wait()?.success() { Ok(()) } else { Err(io::Error::other("sqlite3 did not make the keys")) }
}

/// Bytes of a process that are in memory.
fn resident(process: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
}

/// Seconds that the log says loading has taken.
fn loading(log: &Path) -> f64 {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let seconds = said.lines().find_map(|line| line.split_once("keys are loaded")?.1.split_once("seconds="));
    seconds.and_then(|(_, seconds)| seconds.trim().parse().ok()).unwrap_or(f64::NAN)
}

/// Milliseconds until the whole answer is here, over a connection of its own.
fn median_time(server: &Server, path: &str, token: &str) -> io::Result<f64> {
    let authorization = format!("Bearer {token}");
    let mut took = Vec::new();
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        let (status, body) = ask(server.address, &format!("GET {path}"), &[("Authorization", &authorization)], "")?;
        if status != 200 {
            return Err(io::Error::other(format!("GET {path}: {status} {body}")));
        }
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    Ok(took[REQUESTS / 2])
}
