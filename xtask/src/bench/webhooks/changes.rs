//! The cost of a change by the number of endpoints that receive it, in turns on one node.

use std::fmt::Write as _;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use testkit::Client;

use super::figures::{cells, now};
use super::first_byte::{change, writer};
use super::receiver::Receiver;
use super::site::Site;
use super::{Programs, folder};
use crate::run::{Stop, until};

/// The numbers of endpoints; of those that are off, events are only stored.
const WORKSPACES: [(&str, usize, bool); 5] =
    [("none", 0, true), ("1 that is off", 1, false), ("50 that are off", 50, false), ("1", 1, true), ("50", 50, true)];

/// Changes in a turn, and the time between two.
const CHANGES: u32 = 20;
const EVERY: Duration = Duration::from_millis(50);

/// The time for which the node is watched without a change: what it takes then is not counted.
const IDLE: Duration = Duration::from_secs(3);

/// The time in which ends of deliveries are stored.
const STORED: Duration = Duration::from_millis(100);

/// A workspace with its samples.
struct Side {
    name: &'static str,
    endpoints: u64,
    writer: Client,
    /// Processor time of a change and its deliveries in microseconds, by turn.
    micros: Vec<f64>,
    /// The durations of changes in microseconds.
    durations: Vec<i64>,
}

pub(super) fn table(programs: &Programs, rounds: u32, stop: &Stop) -> io::Result<String> {
    let folder = folder("changes")?;
    let all = WORKSPACES.iter().map(|(_, endpoints, _)| endpoints).sum();
    let receiver = Receiver::start(programs, folder.path(), all, 0, stop)?;
    let database = format!("sqlite://{}", folder.path().join("bench.db").display());
    let site = Site::new(programs, database, &folder, &receiver, stop)?;
    let made: Vec<_> =
        (0..WORKSPACES.len()).map(|number| site.workspace(&format!("side-{number}"))).collect::<io::Result<_>>()?;
    let node = site.node("node")?;
    let (mut sides, mut place) = (Vec::new(), 0);
    for (workspace, (name, endpoints, is_active)) in made.iter().zip(WORKSPACES) {
        workspace.endpoints(&node, &receiver, place..place + endpoints, is_active)?;
        place += endpoints;
        let receiving = if is_active { endpoints as u64 } else { 0 };
        let writer = writer(&node, &workspace.key(&node)?)?;
        sides.push(Side { name, endpoints: receiving, writer, micros: Vec::new(), durations: Vec::new() });
    }
    let (before, idle_at) = (processor_time(node.process.id())?, Instant::now());
    sleep(IDLE);
    let idle = (processor_time(node.process.id())? - before) / idle_at.elapsed().as_secs_f64();
    for round in 0..=rounds {
        for side in &mut sides {
            let (micros, durations) = turn(side, node.process.id(), idle, &receiver, stop)?;
            // The first round only warms up.
            if round > 0 {
                side.micros.push(micros);
                side.durations.extend(durations);
            }
        }
    }
    let mut text = String::from(
        "| endpoints | processor time of a change with its deliveries | change, p50 | p99 |\n| --- | ---: | ---: | ---: |\n",
    );
    for Side { name, micros, durations, .. } in sides {
        // Writing to a String cannot fail.
        let _written = writeln!(text, "| {name} | {:.0} µs | {} |", mean(&micros), cells(durations));
    }
    print!("{text}");
    Ok(text)
}

/// Returns the seconds that the threads of a process have had of the processors. Unlike the time of the whole process, which is counted in
/// hundredths, it is exact for the few milliseconds of a turn; threads that have ended are missing.
fn processor_time(process: u32) -> io::Result<f64> {
    let mut nanos = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // It may have ended since it was listed.
        let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0);
    }
    Ok(nanos / 1e9)
}

/// Makes the changes of a turn and waits for their deliveries. An idle node takes `idle` seconds of the processor each second.
fn turn(side: &mut Side, process: u32, idle: f64, receiver: &Receiver, stop: &Stop) -> io::Result<(f64, Vec<i64>)> {
    let (before, arrived) = (processor_time(process)?, receiver.count()?);
    let (begun, mut durations) = (Instant::now(), Vec::new());
    for number in 0..CHANGES {
        sleep((begun + EVERY * number).saturating_duration_since(Instant::now()));
        let sent = now();
        change(&mut side.writer)?;
        durations.push(now() - sent);
    }
    let expected = arrived + u64::from(CHANGES) * side.endpoints;
    until(stop, "the deliveries of a turn have arrived", || Ok(receiver.count()? >= expected))?;
    sleep(STORED);
    let seconds = processor_time(process)? - before - idle * begun.elapsed().as_secs_f64();
    let micros = seconds * 1e6 / f64::from(CHANGES);
    Ok((micros, durations))
}

#[expect(clippy::cast_precision_loss, reason = "a number of turns")]
fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}
