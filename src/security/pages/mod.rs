//! Settings > Security, and the page that recommends a second factor after a sign-in.
//!
//! - `settings` the form of the settings and their effects, `fields` its fields; `sign_out` the form that signs everyone out
//! - `passkeys` the members who have one; `recommended` the page that recommends a second factor

mod fields;
mod passkeys;
mod recommended;
mod settings;
mod sign_out;

use crate::app::App;
use kit::http::Routes;

pub use recommended::address as recommendation;

pub fn routes() -> Routes<App> {
    Routes::new("Security", [settings::routes(), sign_out::routes(), recommended::routes()].concat())
}
