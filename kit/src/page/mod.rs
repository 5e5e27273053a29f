//! Pages: HTML rendered on the server, forms that post and redirect; works without a script.
//!
//! - `html`   a rendered template, with the headers that keep a page to itself
//! - `fields` what a form or a query says, as it was typed
//! - `filters` the form above a list
//! - `form_errors` what is wrong with a form, field by field, for the form shown again
//! - `mail`   links that open a message
//! - `moment` times in words, in the zone of the workspace
//! - `number` counts in words
//! - `badge`  a status on a coloured ground
//! - `chart`  bars, drawn as SVG
//! - `pager`  pages of a list, and links that keep its filters

mod badge;
pub mod chart;
mod fields;
mod filters;
mod form_errors;
mod html;
mod mail;
mod moment;
pub mod number;
mod pager;

pub use badge::Badge;
pub use fields::{Asked, Fields};
pub use filters::{Choice, ListFilters};
pub use form_errors::FormErrors;
pub use html::{html, html_with, prepare};
pub use mail::mailto;
pub use moment::{Moment, Moments};
pub use pager::{NumberedPage, Pager};
