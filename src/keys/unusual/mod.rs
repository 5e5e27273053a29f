//! Unusual activity of keys: each compared with its own last 28 days, in the background.
//!
//! Invariants
//! - A request costs nothing: the rules read what the usage counters have written.
//! - A key has at most one record and one event of a kind on a day of its workspace's zone, whichever nodes run.
//! - Memory and reading are bounded: by the keys in use in an hour, and by a number of keys whose past a run reads.
//!
//! - `kinds` what is unusual, with numbers and as a sentence; `rules` on the requests of an hour; `networks` on addresses
//! - `watch` a run of the rules; `pasts` the use before, with which they compare; `record` the row, event and payload
//! - `notices` the email; `store` queries

mod kinds;
mod networks;
mod notices;
mod pasts;
mod record;
mod rules;
mod store;
mod watch;

pub use kinds::{LeakSource, Unusual, UnusualKind};
pub use notices::{listed, notify_unusual};
pub use record::record_unusual;
pub use store::{UnusualActivity, latest_unusual, unusual_since};
pub use watch::UnusualWatch;

#[cfg(test)]
mod tests;
