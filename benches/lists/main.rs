//! The cost of reading lists, beside a bare driver.
//!
//! `cargo bench --bench lists [ROUNDS] [URL]`: on a new SQLite database, or on the empty one of that URL, whose server runs on
//! this machine. Pages of a workspace's lists and single rows are read in three ways that take turns: by a bare driver (rusqlite,
//! tokio-postgres), by the product in this process, and by the product as a process of its own over HTTP. The figures are
//! processor time.
//!
//! - here the turns and the table; `calls` the calls of the API
//! - `bare` the calls by a bare driver: `sql` statements, `driver` connections, `rows` and `keys` structs, `fields` column types
//! - `node` the product in this process, `shared` its set-up; `fill` the rows, `trip` a kind of them; `server` the product over
//!   HTTP; `processor` the clocks

mod bare;
mod calls;
mod driver;
mod fields;
mod fill;
mod keys;
mod node;
mod processor;
mod rows;
mod server;
#[path = "../shared/node.rs"]
mod shared;
mod sql;
#[path = "../shared/trip.rs"]
mod trip;

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

use calls::{Call, Credential};
use driver::Bare;
use node::Node;
use processor::Clock;
use server::Server;

/// The memory allocator of the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Rounds in which the three take turns by default, after one that warms up.
const ROUNDS: usize = 9;

/// The length of a turn.
const TURN: Duration = Duration::from_millis(200);

/// Calls in flight at a time, over HTTP on as many connections.
const AT_ONCE: u32 = 60;

/// Rows on a page.
const SIZES: [u16; 3] = [1, 20, 100];

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let given = std::env::args().find(|argument| argument.contains("://"));
    let url = given.unwrap_or_else(|| format!("sqlite://{}", folder.path().join("lists.db").display()));
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let runtime = Runtime::new().expect("a runtime");
    let (node, calls) = runtime.block_on(async {
        let node = Node::start(&url).await;
        fill::fill(&node, &url).await;
        let calls = Call::all(&node).await;
        (node, calls)
    });
    let bare = Bare::open(&url);
    for call in &calls {
        let product = runtime.block_on(node.get(&call.path, call.credential()));
        assert_eq!(content(&bare.body(call)), content(&product), "{}: the bare driver returns what the product does", call.path);
    }
    let server = Server::start(&url, folder.path());
    let clocks = [None, Some(server.id())].map(|process| Clock::new(process, bare.backend()));
    let mut sides = Sides { runtime, node, bare, server, clocks };
    let mut samples: Vec<Vec<Sample>> = calls.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        let whoami = Credential::ALL.map(|credential| sides.over_http(testkit::WHOAMI, credential)[0]);
        for (call, samples) in calls.iter().zip(&mut samples) {
            let sample = sides.sample(call, whoami);
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    print(&calls, &samples, url.starts_with("postgres"));
}

/// The three ways in which a call is answered.
struct Sides {
    runtime: Runtime,
    node: Node,
    bare: Bare,
    server: Server,
    /// The clocks of this process and of the server.
    clocks: [Clock; 2],
}

/// The processor time of a call in microseconds: of the process, and of Postgres.
struct Sample {
    bare: [f64; 2],
    in_process: [f64; 2],
    over_http: [f64; 2],
    /// The time of the server's process for `whoami` with the credential of the call.
    whoami: f64,
}

impl Sides {
    /// Measures a call in each of the three ways.
    fn sample(&mut self, call: &Call, whoami: [f64; 2]) -> Sample {
        let [own, _] = &self.clocks;
        let bare = turn(own, || self.bare.burst(call));
        self.runtime.block_on(self.node.renew_lease());
        let in_process = turn(own, || self.runtime.block_on(self.node.burst(&call.path, call.credential())));
        let over_http = self.over_http(&call.path, call.credential());
        Sample { bare, in_process, over_http, whoami: whoami[call.credential() as usize] }
    }

    fn over_http(&mut self, path: &str, credential: Credential) -> [f64; 2] {
        let header = self.node.header(credential);
        let [_, clock] = &self.clocks;
        turn(clock, || self.server.burst(path, &header))
    }
}

/// Answers calls for the length of a turn. Returns the processor time of each in microseconds.
fn turn(clock: &Clock, mut burst: impl FnMut()) -> [f64; 2] {
    let (begun, before, mut calls) = (Instant::now(), clock.read(), 0);
    while begun.elapsed() < TURN {
        burst();
        calls += AT_ONCE;
    }
    let after = clock.read();
    [0, 1].map(|which: usize| after[which].saturating_sub(before[which]).as_secs_f64() * 1e6 / f64::from(calls))
}

/// Parses the body of a response, without its cursor.
fn content(body: &[u8]) -> Value {
    let mut body: Value = serde_json::from_slice(body).expect("JSON");
    if let Some(data) = body["data"].as_object_mut() {
        data.remove("next_cursor");
    }
    body
}

fn print(calls: &[Call], samples: &[Vec<Sample>], has_postgres: bool) {
    let (heads, marks) =
        if has_postgres { (" Postgres: bare | in process | over HTTP |", " ---: | ---: | ---: |") } else { ("", "") };
    println!(
        "| call | rows | bare | in process | over HTTP | `whoami` over HTTP | over HTTP, of bare and `whoami` together |{heads}"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |{marks}");
    for (call, samples) in calls.iter().zip(samples) {
        let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
        let micros = |figure: fn(&Sample) -> f64| format!("{:.1} µs", of(figure));
        // Round by round: interference by other work slows all of a round.
        let ratio = of(|sample| sample.over_http[0] / (sample.bare[0] + sample.whoami));
        print!(
            "| {} | {} | {} | {} | {} | {ratio:.2} |",
            call.name(),
            micros(|sample| sample.bare[0]),
            micros(|sample| sample.in_process[0]),
            micros(|sample| sample.over_http[0]),
            micros(|sample| sample.whoami),
        );
        if has_postgres {
            print!(
                " {} | {} | {} |",
                micros(|sample| sample.bare[1]),
                micros(|sample| sample.in_process[1]),
                micros(|sample| sample.over_http[1]),
            );
        }
        println!();
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
