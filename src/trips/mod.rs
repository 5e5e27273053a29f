//! Trips and their state machine.
//!
//! Invariants
//! - A status changes only as `status` allows; completed is final.
//! - An external id names one trip of a workspace: two `PUT` requests with the same external id create one trip.
//! - The aircraft of a trip belongs to the same workspace, and is available for dispatch from release to landing.
//!
//! - `status` state machine; `model` trips and their other rules; `upsert` an item of a batch
//! - `service` create, update, put; `store` queries, `tables` their tables; `api` JSON handlers; `pages` the pages; `error` errors and their HTTP responses

mod api;
mod error;
mod model;
mod pages;
mod service;
mod status;
mod store;
mod tables;
mod upsert;

pub use api::routes;
pub(crate) use api::{TripView, views};
pub use error::Error;
pub use model::{CreateTrip, ExternalId, Notes, Trip, TripFilter, TripId, TripType, UpdateTrip};
pub use pages::{routes as pages, status as status_badge};
pub use service::{create, update};
pub use status::Status;
pub use store::{delete_some, find, list_departures};
pub(crate) use tables::all as tables;
