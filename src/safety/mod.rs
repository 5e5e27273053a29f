//! Safety reports, with protection for reporters.
//!
//! Invariants
//! - The reporter of an anonymous report is not stored: no column, audit event or stored response identifies them.
//! - The reporter of a confidential report is stored in one column that no response contains; the audit log does not name them.
//! - Pilots and dispatchers read the reports that they filed as `standard`, and no others.
//! - Confidentiality only increases, and only as far as the promise can still be kept.
//! - A report number has the type, the year of filing in the workspace's time zone and a counter without gaps: `HAZ-2026-0007`.
//!
//! - `kinds` types, levels and the state machine; `model` reports and inputs
//! - `service` create, update; `store` queries, `tables` their tables; `summary` numbers for a dashboard; `api` JSON handlers; `pages` the pages; `error` errors and their
//!   HTTP responses

mod api;
mod error;
mod kinds;
mod model;
mod pages;
mod service;
mod store;
mod summary;
mod tables;

pub use api::routes;
pub(crate) use api::{ReportView, views};
pub use error::Error;
pub use kinds::{Confidentiality, ReportType, Severity, Status};
pub use model::{CreateReport, Description, Location, Readable, Report, ReportFilter, ReportId, Reporter, Title, UpdateReport};
pub use pages::{protect_reporters, routes as pages, status as status_badge};
pub use service::{create, update};
pub use store::{delete_some, list};
pub(crate) use tables::all as tables;
