//! Safety reports: what went wrong, or nearly, told without fear.
//!
//! Invariants
//! - An anonymous report's reporter is stored nowhere: no column, no audit event, no kept answer leads to them.
//! - A confidential report's reporter is one column that no answer contains; the log does not name them either.
//! - Confidentiality only grows, and only as far as the promise can still be kept.
//! - A number has its kind, the year it was filed in (UTC) and a counter without gaps: `HAZ-2026-0007`.
//!
//! - `kinds` the vocabulary and its state machine; `model` reports and what may be asked of them
//! - `service` file, change; `store` queries; `summary` counts for a dashboard; `api` the calls; `error` outcomes

mod api;
mod error;
mod kinds;
mod model;
mod service;
mod store;
mod summary;
mod tables;

pub use api::routes;
pub use error::Error;
pub use kinds::{Confidentiality, ReportType, Severity, Status};
pub use model::{CreateReport, Description, Location, Report, ReportFilter, ReportId, Reporter, Title, UpdateReport};
pub use service::{create, update};
pub(crate) use tables::all as tables;
