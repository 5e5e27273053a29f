//! Pages: HTML rendered on the server, forms that post and redirect; works without a script.
//!
//! - `html`   a rendered template, with the headers that keep a page to itself
//! - `fields` what a form or a query says, as it was typed
//! - `form_errors` what is wrong with a form, field by field, for the form shown again
//! - `mail`   links that open a message
//! - `moment` times in words, in the zone of the workspace
//! - `number` counts in words
//! - `chart`  bars, drawn as SVG
//! - `pager`  pages of a list, and links that keep its filters

pub mod chart;
mod fields;
mod form_errors;
mod html;
mod mail;
mod moment;
pub mod number;
mod pager;

pub use fields::{Asked, Fields};
pub use form_errors::FormErrors;
pub use html::{html, html_with, may_connect, prepare};
pub use mail::mailto;
pub use moment::{Moment, Moments};
pub use pager::{NumberedPage, Pager};
