//! The audit log: append-only, and able to prove it.
//!
//! Invariants
//! - A change and its event are one transaction: every write of a workspace goes through an [`AuditedTx`].
//! - Each event's hash is SHA-256 over the hash before it and its own canonical JSON (RFC 8785), per workspace.
//! - A workspace's first event records the creation of this very workspace, in the transaction that creates it.
//! - Events are never updated or deleted: their sequences have no gaps, and lists are paged by them.
//!
//! - `action`, `actor`, `authentication`, `target`, `event`, `context`, `filter` types; `tables`, `store` queries; `feed` an outbox
//! - `event_type` public types of events; `payloads` payloads that `publish` stores with a change, for webhooks
//! - `authentication_start` the time from which events carry the authentication of a person
//! - `transaction` the transaction that records; `batch` many changes in several of them; `credential` checks of the caller; `idempotency` kept responses, `answers` their transaction; `scrub`; `stored_bytes`; `chain` the hash, of `canonical` JSON; `chain_head` the row that writers lock
//! - `verify` walks the chain, `bulk_verify` in batches of `stored_event`s, `chain_verifier` its state; `compare` tables with the log; `heads` signed heads
//! - `provenance` who created and changed a row; `denials` denied requests by reason; `export` a stream, `long_read` its pace; `descriptions` sentences; `api`, `pages`

mod action;
mod actor;
mod answers;
mod api;
mod authentication;
mod authentication_start;
mod batch;
mod bulk_verify;
mod canonical;
mod chain;
mod chain_head;
mod chain_verifier;
mod compare;
mod context;
mod credential;
mod denials;
mod descriptions;
mod event;
mod event_type;
mod export;
pub mod feed;
mod filter;
mod heads;
mod idempotency;
mod long_read;
mod pages;
mod payloads;
mod provenance;
mod publish;
mod scrub;
mod store;
mod stored_bytes;
mod stored_event;
mod tables;
mod target;
mod transaction;
mod verify;

pub use action::{Action, Outcome};
pub use actor::{Actor, ActorKind};
pub use api::routes;
pub use authentication::{Authentication, EventAuthentication};
pub use authentication_start::{HOLD, watch_older_nodes};
pub use batch::{BatchAuthor, apply_batch};
pub use chain_verifier::ChainVerifier;
pub use compare::{Comparison, Comparisons, Difference, compare};
pub use context::AuditContext;
pub use credential::{BeginError, BeginRefusal, CredentialCheck, CredentialLoss, ReadCheck};
pub use denials::{DenialCount, Denials, denials};
pub use descriptions::{describe, unusual};
pub use event::{Event, EventId, and_rewritten, changed_fields, differences, unrepeated};
pub use event_type::EventType;
pub use export::{ExportError, ExportRequest, Format, export};
pub use filter::{EventFilter, Search, Topic, Which};
pub use heads::{AuditKey, HeadReport, PublicKey, SignedHead};
pub use idempotency::{IdempotencyOutcome, forget_old_answers, forget_some_answers};
pub use pages::routes as pages;
pub use payloads::{
    NotAPattern, Payload, PayloadHead, TypePattern, body as payload_body, forget_old_payloads, payload_heads_after,
    payloads_after, payloads_before, payloads_of, set_received, thin_payloads,
};
pub use provenance::{Disclosure, Provenance, ProvenanceStep, provenance};
pub use store::{hash_at, last_link, list};
pub(crate) use tables::all as tables;
pub use target::{Target, TargetKind};
pub use transaction::AuditedTx;
pub use verify::{Fault, Verdict, verify};
