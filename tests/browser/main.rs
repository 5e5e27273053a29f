//! The pages in a real Chromium, found and used the way a person with a screen reader does.

mod support;

mod everywhere;
mod findings;
mod forms;
mod guide;
mod harness;
mod leaks;
mod passkeys;
mod pictures;
mod protection;
mod reference;
mod webhooks;

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");
