//! Settings > Members, for administrators, and the page that an invitation links to. They call the same services as `api`.
//!
//! - `index`  the list; `new` the form of an invitation; `link` the one page that shows its link
//! - `show`   one member: role, invitation; `remove` asks for confirmation
//! - `join`   the acceptance of an invitation

mod index;
mod join;
mod link;
mod new;
mod remove;
mod show;

use super::service::ActingRole;
use crate::access::{PageSession, Permission};
use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new("Members", [index::lines(), new::lines(), show::lines(), remove::lines(), join::lines()].concat())
}

/// Returns the visitor's role, as the services need it.
fn acting<P: Permission>(who: &PageSession<P>) -> ActingRole {
    ActingRole(who.member().role)
}
