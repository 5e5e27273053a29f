//! Fleet: aircraft and their availability for dispatch.
//!
//! Invariants
//! - A tail number names one aircraft of a workspace.
//! - Only an active aircraft is available for dispatch.
//! - Note and expected return belong to the current status; a change of status clears them.
//! - The name of a place belongs to its code; a change of the code clears it.
//!
//! - `code` tail numbers, type designators, airports; `place` names of places; `model` aircraft and their rules; `upsert` an
//!   item of a batch
//! - `status_board` the public summary
//! - `service` create, update; `store` queries, `tables` their tables; `api` JSON handlers; `pages` the pages; `error` errors and their HTTP responses

mod api;
mod code;
mod error;
mod model;
mod pages;
mod place;
mod service;
mod status_board;
mod store;
mod tables;
mod upsert;

pub use api::routes;
pub(crate) use api::{AircraftView, views};
pub use code::{Airport, TailNumber, TypeDesignator};
pub use error::Error;
pub use model::{Aircraft, AircraftFilter, AircraftId, CreateAircraft, ModelName, Status, StatusNote, UpdateAircraft};
pub use pages::{routes as pages, status as status_badge};
pub use place::{NAME_REQUIRED, PlaceName, is_identified, name_after};
pub use service::{create, update};
pub use store::{delete_some, find, list_away, refresh_search_texts, tail_numbers};
pub(crate) use tables::all as tables;
