//! Signed heads of the audit chains, to be kept outside the database and compared with it later.
//!
//! An attacker who can write to the database can also compute hashes: a log that was truncated or rewritten as a whole fits.
//! A head that was kept elsewhere shows it. The signature proves that this product wrote the head, wherever it was kept.
//!
//! - `key` the Ed25519 key, in a file outside the database; `signed` a head as one word; `report` the hourly log lines

mod key;
mod report;
mod signed;

pub use key::AuditKey;
pub use report::HeadReport;
pub use signed::{PublicKey, SignedHead};
