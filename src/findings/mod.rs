//! Findings: what needs the attention of an administrator, with the remedy.
//!
//! Invariants
//! - Findings are computed when they are read: one is gone as soon as its cause is. Stored are dismissals, and the weeks of digests.
//! - The id of a finding follows from its code and what it is about, so that a dismissal outlives the finding's absence.
//! - Every source is bounded by [`MAX_OF_CODE`], so that a workspace with very many keys costs no more than one with many.
//!
//! - `model` codes, severities and what they are about; `words` sentences and remedies; `filter` what a list leaves out
//! - `collect` all sources; `keys` keys among them; `list` a page of findings; `number` their number, for the navigation
//! - `digest` the weekly email
//! - `service` dismissals; `store` queries on them and on digests, `tables` the tables
//! - `api` JSON handlers; `pages` the page of all findings and the section of the first page; `error` outcomes

mod api;
mod collect;
mod digest;
mod error;
mod filter;
mod keys;
mod list;
mod model;
mod number;
mod pages;
mod service;
mod store;
mod tables;
mod words;

pub use api::routes;
pub use collect::{FindingSources, MAX_OF_CODE};
pub use digest::send_digests;
pub use filter::FindingFilter;
pub use list::{all, top};
pub use model::{Code, Finding, FindingId, Remedy, Severity, Top};
pub use number::{FindingCache, number};
pub use pages::{attention, routes as pages};
pub use store::forget_ended;
pub(crate) use tables::all as tables;
