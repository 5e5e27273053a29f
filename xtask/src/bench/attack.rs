//! What good keys have left beside somebody who floods the server with requests that are refused.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::{Child, Stdio};

use super::http::median;
use super::load::{self, Sample, Target};
use super::rivals::{Server, make_key, product_command, sign_in};
use crate::run::{Folder, Product, Stop, ask};

/// Connections of the good keys, and of the flood.
const CONNECTIONS: u32 = 8;

/// Of the form of a key, and none.
const UNKNOWN: &str = "pck_0123456789abcdefghijABCDEFGHIJ01234567";

const GUESSES: &str = include_str!("sign-in.lua");

const WHOAMI: &str = "/api/v1/auth/whoami";
const SIGN_IN: &str = "/api/v1/auth/sign-in";

/// A flood: its requests, and the route that the metrics count them under.
struct Flood {
    name: &'static str,
    target: Option<Target>,
    script: Option<&'static str>,
    route: &'static str,
}

/// What one round found out.
struct Round {
    good: Sample,
    /// Of the flood, a second.
    answered: f64,
    refused: f64,
    too_many: f64,
    lines: f64,
}

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
        process: server.process.id(),
    };
    let good = target("good keys", WHOAMI, Some(make_key(server.address, &token, "null")?));
    let other = make_key(server.address, &token, "null")?;
    let limited = make_key(server.address, &token, r#"{"requests":10,"perSeconds":60}"#)?;
    let script = folder.join("sign-in.lua");
    std::fs::write(&script, GUESSES)?;
    let flood = |name, key: String| Flood { name, target: Some(target(name, WHOAMI, Some(key))), script: None, route: WHOAMI };
    let floods = [
        Flood { name: "nothing", target: None, script: None, route: WHOAMI },
        flood("another good key", other),
        flood("an unknown key", UNKNOWN.to_owned()),
        flood("a key past its limit", limited),
        Flood {
            name: "guesses of passwords, from ever other addresses",
            target: Some(target("guesses", SIGN_IN, None)),
            script: Some("sign-in.lua"),
            route: SIGN_IN,
        },
    ];
    let mut measured: Vec<Vec<Round>> = floods.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (flood, measured) in floods.iter().zip(&mut measured) {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let found = one(&server, folder, &good, flood, seconds)?;
            println!("round {round}: beside {} {:.0}/s, {:.0}/s of it", flood.name, found.good.requests_a_second, found.answered);
            // The first round only warms up.
            if round > 0 {
                measured.push(found);
            }
        }
    }
    Ok(written(&floods, &measured))
}

fn one(server: &Server, folder: &Path, good: &Target, flood: &Flood, seconds: u32) -> io::Result<Round> {
    let count = || counted(server, flood.route);
    let lines = || Ok::<_, io::Error>(std::fs::read(folder.join("attack.log"))?.split(|byte| *byte == b'\n').count());
    let (before, lines_before) = (count()?, lines()?);
    let mut running = flood.target.as_ref().map(|target| start(target, flood.script, folder, seconds)).transpose()?;
    let good = load::run(good, CONNECTIONS, seconds);
    if let Some(running) = &mut running {
        running.wait()?;
    }
    let (good, after, lines_after) = (good?, count()?, lines()?);
    let seconds = f64::from(seconds);
    let [ok, refused, too_many] = [0, 1, 2].map(|status| (after[status] - before[status]) / seconds);
    let own = if flood.route == WHOAMI { good.requests_a_second } else { 0.0 };
    let answered = if flood.target.is_some() { (ok - own).max(0.0) + refused + too_many } else { 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let lines = ((lines_after - lines_before) as f64 / seconds - good.requests_a_second - (ok - own).max(0.0)).max(0.0);
    Ok(Round { good, answered, refused, too_many, lines })
}

fn start(target: &Target, script: Option<&str>, folder: &Path, seconds: u32) -> io::Result<Child> {
    let mut wrk = load::wrk(target, CONNECTIONS, seconds);
    if let Some(script) = script {
        wrk.arg("--script").arg(folder.join(script));
    }
    wrk.arg(&target.url).stdout(Stdio::null()).spawn()
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
        "| beside | good keys, requests/s | of that beside a good key | 99 % within | the other, requests/s | answered 401 | \
         answered 429 | lines of log for it, a second |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let fair = of(&measured[1], |round| round.good.requests_a_second);
    for (flood, rounds) in floods.iter().zip(measured) {
        let good = of(rounds, |round| round.good.requests_a_second);
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {} | {good:.0} | {:.2} | {:.2} ms | {:.0} | {:.0} | {:.0} | {:.0} |",
            flood.name,
            good / fair,
            of(rounds, |round| round.good.p99),
            of(rounds, |round| round.answered),
            of(rounds, |round| round.refused),
            of(rounds, |round| round.too_many),
            of(rounds, |round| round.lines),
        );
    }
    text
}
