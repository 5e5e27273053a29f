//! Heads of the audit chains, signed, so that they can be kept outside the database and held against it later.
//!
//! Whoever can write to the database can also compute hashes: a log that was cut short or rewritten as a whole fits together.
//! A head that was kept elsewhere shows it. The signature says that the head is this product's own, wherever it was kept.
//!
//! - `key` the Ed25519 key, in a file outside the database; `signed` a head as one word; `report` the hourly lines

mod key;
mod report;
mod signed;

pub use key::AuditKey;
pub use report::HeadReport;
pub use signed::{PublicKey, SignedHead};
