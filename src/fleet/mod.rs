//! Fleet: aircraft and whether they can be dispatched.

use crate::app::App;
use crate::kit::http::Routes;

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new("Fleet", [])
}
