//! Settings > Members, for administrators, and the page where an invitation leads. The same services as the calls in
//! `api`; a page knows no rule of its own.
//!
//! - `index`  the list; `new` the form of an invitation; `link` the one page that shows its link
//! - `show`   one member: role, invitation; `remove` asks before it does
//! - `join`   for whoever was invited

mod index;
mod join;
mod link;
mod new;
mod remove;
mod show;

use super::role::Role;
use super::service::Standing;
use crate::access::PageSession;
use crate::app::App;
use kit::http::Routes;

/// The pages.
pub fn routes() -> Routes<App> {
    Routes::new("Members", [index::lines(), new::lines(), show::lines(), remove::lines(), join::lines()].concat())
}

/// What whoever visits may do with others.
fn standing<P>(who: &PageSession<P>) -> Standing {
    Standing(who.member().map_or(Role::Pilot, |member| member.role))
}
