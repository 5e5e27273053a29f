//! Property tests of parsers for as long as one likes: cargo-fuzz would need a nightly compiler.

use std::time::{Duration, Instant};

use crate::{Step, run};

/// Cases of each property in a round; every round draws other ones.
const CASES: &str = "5000";

/// Generated input for the parsers of headers, queries, JSON, allow-lists and keys, round after round
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// Time after which no further round begins
    #[arg(long, default_value_t = 300)]
    seconds: u64,
}

impl Fuzz {
    /// True if no property failed.
    pub(crate) fn run(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let round = |which: &[&str]| {
            let line = [&["cargo", "test", "--package=planeconnection", "--quiet"], which].concat();
            run(&Step::new("properties", &line, &[("PROPTEST_CASES", CASES)]))
        };
        let mut has_passed = true;
        while has_passed && Instant::now() < until {
            has_passed = round(&["--lib", "--", "format::", "allowlist::"]) && round(&["--test=it", "--", "parsers::"]);
        }
        has_passed
    }
}
