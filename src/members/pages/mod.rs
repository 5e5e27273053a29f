//! Settings > Members, for administrators, and the page that an invitation links to. They call the same services as `api`.
//!
//! - `index`  the list; `new` the form of an invitation; `link` the one page that shows its link
//! - `show`   one member: role, invitation; `remove` asks for confirmation; `reset` passwords and second factors
//! - `join`   the acceptance of an invitation; `acting` the person as the services need them

mod acting;
mod index;
mod join;
mod link;
mod new;
mod remove;
mod reset;
mod show;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Members",
        [index::routes(), new::routes(), show::routes(), remove::routes(), reset::routes(), join::routes()].concat(),
    )
}
