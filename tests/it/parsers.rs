//! Generated input for all that reads what a caller wrote: headers, queries, JSON bodies. A few cases by default; as many as
//! `PROPTEST_CASES` says in `cargo xtask fuzz`.

mod bodies;
mod headers;
mod queries;

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};
use tokio::runtime::Runtime;

use crate::support::{Response, TestApp};

/// The most that a refusal says, whatever was sent: bytes.
const LONGEST_REFUSAL: usize = 8 << 10;

/// An application for many cases, and the runtime that it lives on.
struct Target {
    runtime: Runtime,
    t: TestApp,
}

impl Target {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let t = runtime.block_on(TestApp::new());
        Self { runtime, t }
    }

    /// The answer to one more request, a second after the one before, which no limit of requests minds.
    fn answer(&self, request: impl Future<Output = Response>) -> Response {
        self.t.app.clock.advance(Duration::from_secs(1));
        self.runtime.block_on(request)
    }
}

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// An answer in the product's own words: no failure of the server, and a refusal of bounded length as JSON or as a page.
fn is_decent(answer: &Response) -> TestCaseResult {
    let Response { status, text, json, .. } = answer;
    prop_assert!(*status < 500, "{status}: {text}");
    if *status >= 400 {
        prop_assert!(text.len() < LONGEST_REFUSAL, "{} bytes: {:.300}", text.len(), text);
        let is_page = answer.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        prop_assert!(is_page || json["error"]["code"].is_string(), "{status}: {text}");
    }
    Ok(())
}

/// Text of every kind: letters of any script, digits, punctuation, controls, and words that mean something here.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "",
        "0",
        "-1",
        "1e309",
        "null",
        "true",
        "2026-11-28T00:00:00Z",
        "2026-02-30",
        "pck_",
        "key_",
        "10.0.0.0/8",
        "::/0",
        "read_only",
        "custom",
        "trips:read",
    ];
    prop_oneof![
        3 => any::<String>(),
        2 => "[ -~]{0,60}",
        2 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ("[a-z%&=+0-9]", 0..3000_usize).prop_map(|(part, times)| part.repeat(times)),
    ]
}
