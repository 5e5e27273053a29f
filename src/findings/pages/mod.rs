//! The page of all findings, for administrators, and the section of the first page. They use what `api` uses, and have no rules of
//! their own.
//!
//! - `index` the list; `dismiss` the form of a dismissal, and taking it back; `attention` the section of the first page
//! - `labels` codes and severities as text

mod attention;
mod dismiss;
mod index;
mod labels;

pub use attention::attention;

use crate::app::App;
use kit::http::Routes;

/// The address of the list.
const LIST: &str = "/findings";

pub fn routes() -> Routes<App> {
    Routes::new("Findings", [index::routes(), dismiss::routes()].concat())
}
