//! The time from a change to the first byte of its requests, as the receiver reads it.
//!
//! The commit is after the change was sent and before it was answered: both ends are shown. The time from the answer can be
//! negative.

use std::collections::{HashMap, HashSet};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use testkit::Client;

use super::figures::{cells, now};
use super::receiver::{Arrival, Receiver};
use super::site::Site;
use super::{Programs, folder, postgres_server};
use crate::bench::rivals::Server;
use crate::run::Stop;

/// Endpoints of the workspace: each gets every change.
const ENDPOINTS: usize = 10;

/// The time between two changes, and their number. The first ones only warm up: they open connections.
const EVERY: Duration = Duration::from_millis(100);
const CHANGES: usize = 200;
const WARM_UP: usize = 30;

/// Endpoints in each of two workspaces that answer, and that hang.
const SHARE: usize = 25;

/// The time in which endpoints that hang fill their requests in flight.
const FILLING: Duration = Duration::from_secs(4);

/// The time in which the last requests arrive.
const LAST: Duration = Duration::from_secs(3);

pub(super) const HEAD: &str = "| | changes/s | deliveries/s | change, p50 | p99 | from its answer to the first byte, p50 | p99 \
     | from sending it to the first byte, p50 | p99 |\n\
     | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";

const TRIP: &str = r#"{"tripType":"charter","origin":"KTEB","destination":"KMIA","departureDate":"2027-04-01T10:00:00Z"}"#;

/// A change as its sender sees it, in microseconds since 1970.
struct Change {
    trip: String,
    sent: i64,
    answered: i64,
}

pub(super) fn on_sqlite(programs: &Programs, stop: &Stop) -> io::Result<String> {
    let folder = folder("first-byte")?;
    let receiver = Receiver::start(programs, folder.path(), ENDPOINTS, 0, stop)?;
    let database = format!("sqlite://{}", folder.path().join("bench.db").display());
    let site = Site::new(programs, database, &folder, &receiver, stop)?;
    one_workspace("SQLite, one node", &site, &receiver, 1, stop)
}

pub(super) fn on_postgres(programs: &Programs, stop: &Stop) -> io::Result<String> {
    let folder = folder("first-byte")?;
    let receiver = Receiver::start(programs, folder.path(), ENDPOINTS, 0, stop)?;
    let (_server, url) = postgres_server()?;
    let site = Site::new(programs, url, &folder, &receiver, stop)?;
    one_workspace("Postgres, three nodes", &site, &receiver, 3, stop)
}

fn one_workspace(name: &str, site: &Site<'_>, receiver: &Receiver, nodes: usize, stop: &Stop) -> io::Result<String> {
    let workspace = site.workspace("skyline")?;
    let nodes: Vec<Server> = (0..nodes).map(|number| site.node(&format!("node-{number}"))).collect::<io::Result<_>>()?;
    workspace.endpoints(&nodes[0], receiver, 0..ENDPOINTS, true)?;
    let key = workspace.key(&nodes[0])?;
    let mut writers = nodes.iter().map(|node| writer(node, &key)).collect::<io::Result<Vec<_>>>()?;
    row(name, receiver, ENDPOINTS, &mut writers, stop)
}

/// Measures endpoints that answer, first alone and then beside as many that hang.
pub(super) fn beside_hanging(programs: &Programs, stop: &Stop) -> io::Result<String> {
    let folder = folder("hanging")?;
    let receiver = Receiver::start(programs, folder.path(), 2 * SHARE, 2 * SHARE, stop)?;
    let database = format!("sqlite://{}", folder.path().join("bench.db").display());
    let site = Site::new(programs, database, &folder, &receiver, stop)?;
    let workspaces = [site.workspace("skyline")?, site.workspace("borealis")?];
    let node = site.node("node")?;
    let mut writers = Vec::new();
    for (number, workspace) in workspaces.iter().enumerate() {
        workspace.endpoints(&node, &receiver, number * SHARE..(number + 1) * SHARE, true)?;
        writers.push(writer(&node, &workspace.key(&node)?)?);
    }
    let alone = row("50 endpoints", &receiver, SHARE, &mut writers, stop)?;
    for (number, workspace) in workspaces.iter().enumerate() {
        workspace.endpoints(&node, &receiver, (number + 2) * SHARE..(number + 3) * SHARE, true)?;
    }
    let until = Instant::now() + FILLING;
    while Instant::now() < until {
        for writer in &mut writers {
            change(writer)?;
        }
        sleep(EVERY);
    }
    Ok(alone + &row("the same, beside 50 that hang", &receiver, SHARE, &mut writers, stop)?)
}

/// A connection that makes changes with a key.
pub(super) fn writer(node: &Server, key: &str) -> io::Result<Client> {
    Ok(Client::connect(node.address)?.header("x-api-key", key))
}

/// Creates a trip. Returns its id.
pub(super) fn change(writer: &mut Client) -> io::Result<String> {
    let response = writer.try_send("POST", "/api/v1/ops/trips", Some(TRIP))?;
    match response.json["data"]["id"].as_str() {
        Some(id) if response.status == 201 => Ok(id.to_owned()),
        _ => Err(io::Error::other(format!("a trip was not created: {} {}", response.status, response.body))),
    }
}

fn row(name: &str, receiver: &Receiver, endpoints: usize, writers: &mut [Client], stop: &Stop) -> io::Result<String> {
    // From now on the receiver keeps arrivals.
    let _before = receiver.arrivals()?;
    let (begun, mut changes) = (Instant::now(), Vec::with_capacity(CHANGES));
    for (number, due) in (0..CHANGES).zip(0..) {
        if stop.is_asked() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        sleep((begun + EVERY * due).saturating_duration_since(Instant::now()));
        let writer = number % writers.len();
        let sent = now();
        let trip = change(&mut writers[writer])?;
        changes.push(Change { trip, sent, answered: now() });
    }
    let seconds = begun.elapsed().as_secs_f64();
    sleep(LAST);
    let arrivals = receiver.arrivals()?;
    let counted = &changes[WARM_UP..];
    let [from_answer, from_sending] = times(counted, &arrivals);
    let (expected, found) = (counted.len() * endpoints, from_answer.len());
    if found < expected {
        return Err(io::Error::other(format!("{name}: {found} of {expected} requests have arrived")));
    }
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    let rate = changes.len() as f64 / seconds;
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    let deliveries = rate * endpoints as f64;
    let durations = counted.iter().map(|change| change.answered - change.sent).collect();
    let row = format!(
        "| {name} | {rate:.0} | {deliveries:.0} | {} | {} | {} |\n",
        cells(durations),
        cells(from_answer),
        cells(from_sending)
    );
    print!("{row}");
    Ok(row)
}

/// Returns the times from the answer to a change to the first byte of each of its requests, and from sending it.
fn times(changes: &[Change], arrivals: &[Arrival]) -> [Vec<i64>; 2] {
    let by_trip: HashMap<&str, &Change> = changes.iter().map(|change| (change.trip.as_str(), change)).collect();
    let (mut seen, mut from_answer, mut from_sending) = (HashSet::new(), Vec::new(), Vec::new());
    for Arrival { endpoint, trip, micros } in arrivals {
        let Some(change) = by_trip.get(trip.as_str()) else { continue };
        // A repetition does not count.
        if seen.insert((endpoint, trip)) {
            from_answer.push(micros - change.answered);
            from_sending.push(micros - change.sent);
        }
    }
    [from_answer, from_sending]
}
