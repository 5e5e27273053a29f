//! The end of a key.

use crate::app::App;
use crate::kit::http::Route;

pub(super) fn lines() -> Vec<Route<App>> {
    Vec::new()
}
