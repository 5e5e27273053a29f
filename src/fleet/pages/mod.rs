//! The fleet, to read: the list and one aircraft. Aircraft are written by the API.
//!
//! - `index` the list; `show` one aircraft; `labels` statuses as text

mod index;
mod labels;
mod show;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new("Fleet", [index::routes(), show::routes()].concat())
}

pub use labels::status;
