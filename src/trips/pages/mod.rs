//! Trips, to read: the list and one trip. Trips are written by the API.
//!
//! - `index` the list; `show` one trip; `labels` statuses and types as text

mod index;
mod labels;
mod show;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new("Trips", [index::routes(), show::routes()].concat())
}

pub use labels::status;
