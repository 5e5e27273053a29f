//! Load on one server by wrk, and what it cost the server's processor.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::debian;

/// Connections at once: the figures of others were taken with as many.
pub(super) const CONNECTIONS: u32 = 64;

/// Makes sure that wrk is here.
pub(super) fn prepare() -> bool {
    debian::is_on_path("wrk") || debian::install(&["wrk"], "the bench needs wrk to make requests")
}

/// A server as wrk sees it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) key: Option<String>,
    /// The server's process, and its database's if that is a server as well.
    pub(super) processes: Vec<u32>,
}

/// The measurements of one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) requests: f64,
    pub(super) requests_a_second: f64,
    /// Of the processors' time for each request: of the server, and of the client.
    pub(super) micros: f64,
    pub(super) client: f64,
    /// The time that half of the requests took, and 99 of 100, in milliseconds.
    pub(super) median: f64,
    pub(super) p99: f64,
}

/// wrk with all but the address.
pub(super) fn wrk(target: &Target, connections: u32, seconds: u32) -> Command {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads=1", "--latency", &format!("--connections={connections}"), &format!("--duration={seconds}s")]);
    if let Some(key) = &target.key {
        wrk.args(["--header", &format!("X-API-Key: {key}")]);
    }
    wrk
}

/// Sends as many requests as the server answers; an error if one was not answered with 200.
pub(super) fn run(target: &Target, connections: u32, seconds: u32) -> io::Result<Sample> {
    sample(target, wrk(target, connections, seconds).arg(&target.url))
}

/// Like `run`, with requests that a script makes.
pub(super) fn run_script(
    target: &Target,
    script: &Path,
    arguments: &[&str],
    connections: u32,
    seconds: u32,
) -> io::Result<Sample> {
    let mut wrk = wrk(target, connections, seconds);
    sample(target, wrk.arg("--script").arg(script).arg(&target.url).arg("--").args(arguments))
}

fn sample(target: &Target, wrk: &mut Command) -> io::Result<Sample> {
    let before = processor_times(target)?;
    let mut running = wrk.stdout(Stdio::piped()).spawn()?;
    let mut said = String::new();
    if let Some(mut stdout) = running.stdout.take() {
        stdout.read_to_string(&mut said)?;
    }
    let after = processor_times(target)?;
    // It has ended, and can be looked at until it is waited for.
    let client = processor_time(running.id())?;
    let status = running.wait()?;
    let failed = |what: &str| io::Error::other(format!("{}: {what}:\n{said}", target.name));
    if !status.success() || said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(failed("not every request was answered with 200"));
    }
    let word = |before: &str| said.split_once(before).and_then(|(_, rest)| rest.split_whitespace().next());
    let figure = |before: &str| word(before).and_then(millis).ok_or_else(|| failed("no figures"));
    let requests: f64 = said
        .lines()
        .find(|line| line.contains("requests in"))
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| failed("no count"))?;
    let requests_a_second = word("Requests/sec:").and_then(|word| word.parse().ok()).ok_or_else(|| failed("no rate"))?;
    Ok(Sample {
        requests,
        requests_a_second,
        micros: (after - before) * 1e6 / requests,
        client: client * 1e6 / requests,
        median: figure(" 50%")?,
        p99: figure(" 99%")?,
    })
}

/// As wrk writes a time: 1.20ms, 870.00us, 1.01s.
fn millis(text: &str) -> Option<f64> {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    number("us").map(|us| us / 1e3).or_else(|| number("ms")).or_else(|| number("s").map(|s| s * 1e3))
}

fn processor_times(target: &Target) -> io::Result<f64> {
    target.processes.iter().map(|process| processor_time(*process)).sum()
}

/// Seconds that a process and its children have had of the processors so far, with those of its threads that have ended:
/// `utime` and `stime`, and of children that have ended `cutime` and `cstime`, in hundredths.
pub(super) fn processor_time(process: u32) -> io::Result<f64> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let mut seconds = 0.0;
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        seconds += processor_time(child)?;
    }
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses, which may hold anything.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(seconds + ticks / 100.0)
}
