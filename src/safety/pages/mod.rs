//! Safety reports: the list and one report, to read, and the form of a report. Each member sees what the API shows them.
//!
//! - `index` the list; `show` one report; `new` the form; `labels` kinds as text

mod index;
mod labels;
mod new;
mod show;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new("Safety", [index::routes(), new::routes(), show::routes()].concat())
}

pub use labels::status;
pub use new::protect_reporters;
