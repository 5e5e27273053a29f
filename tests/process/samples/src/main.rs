//! Runs the sample of a call, by the name of its page.

mod samples;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    samples::run(&std::env::args().nth(1).unwrap_or_default())
}
