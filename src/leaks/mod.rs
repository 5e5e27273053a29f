//! Reports of secrets that others have found: GitHub's secret scanning, as a partner receives it.
//!
//! Invariants
//! - Nothing is believed, parsed or looked up before GitHub's signature over the raw body is verified.
//! - A report changes no usage of a key: its last use stays as it was.
//! - Of each key and address where it was found, the log has at most one event a day, and a key has at most [`MAX_SOURCES`] addresses:
//!   reports that are sent again fill neither the log nor mailboxes.
//! - A pause or a revocation that an event and an email announce is carried out, later if not at once.
//! - An event and an email say what is done about a key: one that was resumed is not paused again for an address that is known.
//!
//! - `api` the call; `service` what a report does; `remedies` pauses and revocations; `model` reports and answers
//! - `public_keys` the keys of the sender, fetched or from a file; `signature` their form, and the check of a signature
//! - `limits` of callers; `store`, `tables` where each key was found, and remedies that are left
//!
//! Secrets are also found by the command `keys scan` (`src/cli/scan/`) and by a page (`src/keys/pages/leaks.rs`).

mod api;
mod limits;
mod model;
mod public_keys;
mod remedies;
mod service;
mod signature;
mod store;
mod tables;

pub use api::routes;
pub use limits::ReportLimits;
pub use model::KeySource;
pub use public_keys::{FetchError, PublicKeys};
pub use remedies::retry_remedies;
pub use store::MAX_SOURCES;
pub(crate) use tables::all as tables;
