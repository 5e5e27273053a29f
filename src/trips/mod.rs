//! Trips, with their state machine.

mod model;

pub use model::TripId;

use crate::app::App;
use crate::kit::http::Routes;

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new("Trips", [])
}
