//! Throughput of good keys while a flood of refused requests arrives.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::http::median;
use super::load::{self, Sample, Target};
use super::rivals::{Server, make_key, product_command, sign_in};
use crate::run::{Folder, Product, Stop, ask};

/// Connections of the good keys, and of a flood.
const CONNECTIONS: u32 = 8;

/// Those who guess at once: more than may wait for a hash.
const GUESSERS: u32 = 64;

/// Of the form of a key, and none.
const UNKNOWN: &str = "pck_0123456789abcdefghijABCDEFGHIJ01234567";

const GUESSES: &str = include_str!("sign-in.lua");

const WHOAMI: &str = "/api/v1/auth/whoami";
const SIGN_IN: &str = "/api/v1/auth/sign-in";

/// The baseline of every flood: as many connections with a good key.
const GOOD: &str = "another good key";

/// A flood: its requests, and the route that the metrics count them under.
struct Flood {
    name: &'static str,
    target: Option<Target>,
    script: Option<&'static str>,
    route: &'static str,
    connections: u32,
}

/// The measurements of one round.
struct Round {
    good: Sample,
    /// Of the flood, a second: requests that were answered with 200, 401 and 429.
    answered: [f64; 3],
    /// Lines of log about requests that were refused, a second.
    lines: f64,
}

/// The pause before each flood, in which the log is written and the last passwords are hashed.
const PAUSE: Duration = Duration::from_secs(3);

/// Measures each flood in every round; the section of the document.
pub(super) fn table(rounds: u32, seconds: u32, stop: &Stop) -> io::Result<String> {
    if !load::prepare() {
        return Err(io::Error::other("without wrk there is no load"));
    }
    let folder = Folder::make("bench-attack")?;
    let folder = folder.path();
    let product = Product { binary: super::servers()?, database: format!("sqlite://{}/attack.db", folder.display()) };
    let password = product.make_workspace()?;
    let more = ["--trusted-proxies", "127.0.0.1/32"];
    let server = Server::start(folder, "attack", stop, |at| product_command(&product, at, &more))?;
    let token = sign_in(server.address, &password)?;
    let target = |name: &str, path: &str, key: Option<String>| Target {
        name: name.to_owned(),
        url: format!("http://{}{path}", server.address),
        key,
        processes: vec![server.process.id()],
    };
    let good = target("good keys", WHOAMI, Some(make_key(server.address, &token, "Good", "null")?));
    let other = make_key(server.address, &token, "Other", "null")?;
    let limited = make_key(server.address, &token, "Limited", r#"{"requests":10,"perSeconds":60}"#)?;
    let script = folder.join("sign-in.lua");
    std::fs::write(&script, GUESSES)?;
    let flood = |name, key: &str, connections| Flood {
        name,
        target: Some(target(name, WHOAMI, Some(key.to_owned()))),
        script: None,
        route: WHOAMI,
        connections,
    };
    let floods = [
        Flood { name: "nothing", target: None, script: None, route: WHOAMI, connections: CONNECTIONS },
        flood(GOOD, &other, CONNECTIONS),
        flood("an unknown key", UNKNOWN, CONNECTIONS),
        flood("a key past its limit", &limited, CONNECTIONS),
        flood(GOOD, &other, GUESSERS),
        Flood {
            name: "password guesses, each from a new address",
            target: Some(target("guesses", SIGN_IN, None)),
            script: Some("sign-in.lua"),
            route: SIGN_IN,
            connections: GUESSERS,
        },
    ];
    let mut measured: Vec<Vec<Round>> = floods.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        let mut turns: Vec<_> = floods.iter().zip(&mut measured).collect();
        if round % 2 == 1 {
            // What one leaves behind is not always for the same other.
            turns.reverse();
        }
        for (flood, measured) in turns {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let found = one(&server, folder, &good, flood, round, seconds)?;
            let other: f64 = found.answered.iter().sum();
            println!("round {round}: beside {} {:.0}/s, {other:.0}/s of it", flood.name, found.good.requests_a_second);
            // The first round only warms up.
            if round > 0 {
                measured.push(found);
            }
        }
    }
    Ok(written(&floods, &measured))
}

fn one(server: &Server, folder: &Path, good: &Target, flood: &Flood, round: u32, seconds: u32) -> io::Result<Round> {
    let log = folder.join("attack.log");
    sleep(PAUSE);
    let (before, logged) = (counted(server, flood.route)?, std::fs::metadata(&log)?.len());
    let begun = Instant::now();
    let running = flood.target.as_ref().map(|target| start(target, flood, folder, round, seconds)).transpose()?;
    let good = load::run(good, CONNECTIONS, seconds);
    if let Some(mut running) = running
        && !running.wait()?.success()
    {
        return Err(io::Error::other(format!("the flood of {} did not come", flood.name)));
    }
    let (good, took) = (good?, begun.elapsed().as_secs_f64());
    let after = counted(server, flood.route)?;
    sleep(PAUSE);
    let mut answered: [f64; 3] = std::array::from_fn(|status| after[status] - before[status]);
    if flood.route == WHOAMI {
        answered[0] = (answered[0] - good.requests).max(0.0);
    }
    if flood.target.is_some() && answered.iter().sum::<f64>() < 1.0 {
        return Err(io::Error::other(format!("the flood of {} was not answered", flood.name)));
    }
    let mut text = String::new();
    let mut log = File::open(log)?;
    log.seek(SeekFrom::Start(logged))?;
    log.read_to_string(&mut text)?;
    let refusals = text.lines().filter(|line| line.contains(" status=401 ") || line.contains(" status=429 ")).count();
    let lines = f64::from(u32::try_from(refusals).unwrap_or(u32::MAX)) / took;
    Ok(Round { good, answered: answered.map(|requests| requests / took), lines })
}

fn start(target: &Target, flood: &Flood, folder: &Path, round: u32, seconds: u32) -> io::Result<Child> {
    let mut wrk = load::wrk(target, flood.connections, seconds);
    if let Some(script) = flood.script {
        wrk.arg("--script").arg(folder.join(script));
    }
    wrk.arg(&target.url);
    if flood.script.is_some() {
        wrk.args(["--", &round.to_string()]);
    }
    wrk.stdout(Stdio::null()).spawn()
}

/// Requests on a route so far, by the server's own count: those that were answered with 200, 401 and 429.
fn counted(server: &Server, route: &str) -> io::Result<[f64; 3]> {
    let (_, metrics) = ask(server.address, "GET /metrics", &[], "")?;
    let of = |status: &str| {
        let labels = format!("route=\"{route}\",status=\"{status}\"}}");
        let line = metrics.lines().find_map(|line| line.split_once(labels.as_str()));
        line.and_then(|(_, count)| count.trim().parse().ok()).unwrap_or(0.0)
    };
    Ok(["200", "401", "429"].map(of))
}

fn written(floods: &[Flood], measured: &[Vec<Round>]) -> String {
    let mut text = String::from(
        "| flood | its connections | good keys, requests/s | relative to a flood of good keys | p99 | flood, requests/s | \
         of it 401 | of it 429 | log lines of refused requests/s |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    for (flood, rounds) in floods.iter().zip(measured) {
        let rate = |round: &Round| round.good.requests_a_second;
        // Beside as many connections, and round by round: what slows the machine for a while slows both.
        let is_fair = |other: &Flood| other.name == GOOD && other.connections == flood.connections;
        let fair = floods.iter().zip(measured).filter(|(other, _)| is_fair(other)).flat_map(|(_, rounds)| rounds);
        let of_fair = median(rounds.iter().zip(fair).map(|(one, fair)| rate(one) / rate(fair)).collect());
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {} | {} | {:.0} | {of_fair:.2} | {:.2} ms | {:.0} | {:.0} | {:.0} | {:.0} |",
            flood.name,
            if flood.target.is_some() { flood.connections } else { 0 },
            of(rounds, rate),
            of(rounds, |round| round.good.p99),
            of(rounds, |round| round.answered.iter().sum()),
            of(rounds, |round| round.answered[1]),
            of(rounds, |round| round.answered[2]),
            of(rounds, |round| round.lines),
        );
    }
    text
}
