//! The audit log: who did what to what, when, from where; append-only, and able to prove it.
//!
//! Invariants
//! - A change and its event are one transaction: every write of a workspace goes through an [`AuditedTx`].
//! - Each event's hash is SHA-256 over the hash before it and its own canonical JSON (RFC 8785), per workspace.
//! - A workspace's first event says that this very workspace was made, in the transaction that made it.
//! - Nothing here updates or deletes an event: their numbers have no gaps, and lists are paged by them.
//!
//! - `model`   events, actors, actions; `chain` the hash; `transaction` the transaction that records
//! - `idempotency` answers kept for `Idempotency-Key`, in the same transaction
//! - `words`   events as sentences, and which of them are unusual
//! - `compare` the tables held against the log; `heads` heads of chains, signed, to be kept elsewhere
//! - `store`   queries; `verify` walks the chain, `watch` knows how far; `export` streams it; `api` the calls; `pages` the settings

mod api;
mod chain;
mod compare;
mod credential;
mod export;
mod heads;
mod idempotency;
mod model;
mod pages;
mod scrub;
mod store;
mod tables;
mod transaction;
mod verify;
mod watch;
mod words;

pub use api::routes;
pub use compare::{Comparison, Comparisons, Difference, compare};
pub use credential::{BeginError, CredentialCheck, CredentialLoss};
pub use export::{ExportError, Format, export};
pub use heads::{AuditKey, HeadReport, PublicKey, SignedHead};
pub use idempotency::{IdempotencyOutcome, forget_old_answers};
pub use model::{Action, Actor, AuditContext, Event, EventFilter, Outcome, Target, Which, and_rewritten, differences};
pub use pages::routes as pages;
pub use store::{hash_at, last_link, list};
pub(crate) use tables::all as tables;
pub use transaction::AuditedTx;
pub use verify::{Fault, Verdict, verify};
pub use watch::ChainVerifier;
pub use words::{told, unusual};
