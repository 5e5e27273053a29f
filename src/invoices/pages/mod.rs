//! Invoices, to read: the list and one invoice. Invoices are written by the API.
//!
//! - `index` the list; `show` one invoice; `labels` statuses as text

mod index;
mod labels;
mod show;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new("Invoices", [index::routes(), show::routes()].concat())
}
