//! Trips, with their state machine.
//!
//! Invariants
//! - A status changes only as `status` allows; completed is final.
//! - An external id names one trip of a workspace: putting the same trip twice makes one.
//! - A trip's aircraft is of the same workspace, and available while the trip is released to be flown.
//!
//! - `status` the state machine; `model` trips and their other rules
//! - `service` create, update, put; `store` queries; `api` the calls; `error` outcomes

mod api;
mod error;
mod model;
mod service;
mod status;
mod store;
mod tables;

pub use api::routes;
pub use error::Error;
pub use model::{CreateTrip, ExternalId, Notes, Trip, TripFilter, TripId, TripType, UpdateTrip};
pub use service::create;
pub use status::Status;
pub use store::find;
pub(crate) use tables::all as tables;
