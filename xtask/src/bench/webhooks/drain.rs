//! Deliveries that wait when a node starts: how fast they leave, what each costs, and the memory meanwhile.

use std::io;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::receiver::Receiver;
use super::site::Site;
use super::{Programs, folder, postgres_server};
use crate::bench::load::processor_time;
use crate::bench::rivals::Server;
use crate::bench::scale::{self, psql, resident};
use crate::run::Stop;
use testkit::postgres;

/// Endpoints of one workspace; each event is for all of them.
const ENDPOINTS: usize = 50;

/// The time without a request after which the node counts as stuck.
const STUCK: Duration = Duration::from_mins(1);

const LOOK: Duration = Duration::from_millis(20);

pub(super) const HEAD: &str = "| | deliveries | deliveries/s | processor time each | of the database | memory at the start | halfway | at most |\n\
     | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";

/// The SQL of an engine that makes payloads of events after the last one that was planned.
struct Dialect {
    id: &'static str,
    now: &'static str,
    text_of_id: &'static str,
}

const SQLITE: Dialect = Dialect {
    id: "randomblob(16)",
    now: "strftime('%Y-%m-%dT%H:%M:%S', 'now') || '.000000+00:00'",
    text_of_id: "lower(hex(randomblob(13)))",
};

const POSTGRES: Dialect = Dialect { id: "gen_random_uuid()", now: "now()", text_of_id: "left(md5(random()::text), 26)" };

pub(super) fn on_sqlite(programs: &Programs, deliveries: u64, stop: &Stop) -> io::Result<String> {
    let folder = folder("drain")?;
    let receiver = Receiver::start(programs, folder.path(), ENDPOINTS, 0, stop)?;
    let file = folder.path().join("bench.db");
    let site = Site::new(programs, format!("sqlite://{}", file.display()), &folder, &receiver, stop)?;
    row("SQLite", &site, &receiver, deliveries, (&SQLITE, || scale::sqlite(&file)), None, stop)
}

pub(super) fn on_postgres(programs: &Programs, deliveries: u64, stop: &Stop) -> io::Result<String> {
    let folder = folder("drain")?;
    let receiver = Receiver::start(programs, folder.path(), ENDPOINTS, 0, stop)?;
    let (server, url) = postgres_server()?;
    let client = postgres::find("psql").ok_or_else(|| io::Error::other("psql is not there"))?;
    let site = Site::new(programs, url.clone(), &folder, &receiver, stop)?;
    let database = server.pid().and_then(|pid| pid.try_into().ok());
    row("Postgres", &site, &receiver, deliveries, (&POSTGRES, || psql(&client, &url)), database, stop)
}

fn row(
    engine: &str,
    site: &Site<'_>,
    receiver: &Receiver,
    deliveries: u64,
    (dialect, client): (&Dialect, impl Fn() -> Command),
    database: Option<u32>,
    stop: &Stop,
) -> io::Result<String> {
    let workspace = site.workspace("skyline")?;
    let node = site.node("before")?;
    workspace.endpoints(&node, receiver, 0..ENDPOINTS, true)?;
    drop(node);
    let events = deliveries.div_ceil(ENDPOINTS as u64);
    scale::told(client(), &dialect.payloads(events))?;
    let node = site.node("drain")?;
    let measured = watch(&node, database, receiver, events * ENDPOINTS as u64, stop)?;
    let Measured { rate, micros, database_micros, memory: [start, half, most], count } = measured;
    println!("{engine}, {count} deliveries: {rate:.0}/s, {micros:.0} us each, at most {most} MiB");
    let of_database = if database.is_some() { format!("{database_micros:.0} µs") } else { String::new() };
    Ok(format!("| {engine} | {count} | {rate:.0} | {micros:.0} µs | {of_database} | {start} MiB | {half} MiB | {most} MiB |\n"))
}

impl Dialect {
    fn payloads(&self, events: u64) -> String {
        let Self { id, now, text_of_id } = self;
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events}), \
                  one AS (SELECT workspace_id, max(planned_sequence) AS planned_sequence FROM webhook_endpoints GROUP BY workspace_id) \
             INSERT INTO event_payloads (event_id, workspace_id, sequence, event_type, target_id, body, created_at) \
             SELECT {id}, workspace_id, planned_sequence + i, 'trip.created', NULL, \
                    '{{\"id\":\"evt_' || {text_of_id} || '\",\"type\":\"trip.created\",\"workspace_id\":\"ws_' || {text_of_id} || \
                    '\",\"timestamp\":\"2026-11-29T14:30:00Z\",\"sequence\":' || (planned_sequence + i) || \
                    ',\"data\":{{\"trip_id\":\"trip_' || {text_of_id} || '\",\"external_id\":null,\"trip_type\":\"charter\",' || \
                    '\"status\":\"draft\",\"origin\":\"KTEB\",\"destination\":\"KMIA\",\"departure_date\":\"2026-12-01T10:00:00Z\",' || \
                    '\"aircraft_id\":\"ac_' || {text_of_id} || '\",\"created_by\":\"user_' || {text_of_id} || '\"}}}}', {now} \
             FROM n, one"
        )
    }
}

struct Measured {
    count: u64,
    rate: f64,
    micros: f64,
    database_micros: f64,
    /// MiB at the start, halfway and at most.
    memory: [u64; 3],
}

/// Watches a node until everything is delivered. Rate and cost are those after the first tenth.
#[expect(clippy::cast_precision_loss, reason = "figures to be read")]
fn watch(node: &Server, database: Option<u32>, receiver: &Receiver, total: u64, stop: &Stop) -> io::Result<Measured> {
    let process = node.process.id();
    let times = || Ok::<_, io::Error>((processor_time(process)?, database.map_or(Ok(0.0), processor_time)?));
    let start = resident(process, "VmRSS:")?;
    let (mut first, mut half, mut last) = (None, None, (0, Instant::now()));
    loop {
        if stop.is_asked() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = receiver.count()?;
        if count > last.0 {
            last = (count, Instant::now());
        } else if last.1.elapsed() > STUCK {
            return Err(io::Error::other(format!("{count} of {total} deliveries have arrived, and no more come")));
        }
        if first.is_none() && count >= total / 10 {
            first = Some((count, Instant::now(), times()?));
        }
        if half.is_none() && count >= total / 2 {
            half = Some(resident(process, "VmRSS:")?);
        }
        if count >= total {
            break;
        }
        sleep(LOOK);
    }
    let (counted, begun, (before, database_before)) = first.ok_or_else(|| io::Error::other("nothing was delivered"))?;
    let (after, database_after) = times()?;
    let (seconds, some) = (begun.elapsed().as_secs_f64(), (last.0 - counted) as f64);
    let memory = [start, half.unwrap_or(start), resident(process, "VmHWM:")?].map(|bytes| bytes >> 20);
    let micros = |before: f64, after: f64| (after - before) * 1e6 / some;
    Ok(Measured {
        count: last.0,
        rate: some / seconds,
        micros: micros(before, after),
        database_micros: micros(database_before, database_after),
        memory,
    })
}
