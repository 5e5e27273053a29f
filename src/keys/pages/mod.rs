//! Settings > API Keys, for administrators. The same services as the calls in `api`; a page knows no rule of its own.
//!
//! - `index`  the list; `new` the form of a new key; `secret` the one page that shows a secret
//! - `edit`   the form of what can change of a key; `fields` what it shares with `new`; `off` no new keys
//! - `show`   one key; `rotate` its replacement, step by step; `revoke` the end of it
//! - `management` the switch of the account owner
//! - `expiration` until when a new key works; `traffic` how a key was used
//! - `words`  permissions and states as people read them

mod edit;
mod expiration;
mod fields;
mod index;
mod management;
mod new;
mod off;
mod revoke;
mod rotate;
mod secret;
mod show;
mod traffic;
mod words;

use crate::app::App;
use kit::http::Routes;

/// The pages.
pub fn routes() -> Routes<App> {
    Routes::new(
        "API keys",
        [index::lines(), new::lines(), show::lines(), edit::lines(), rotate::lines(), revoke::lines(), management::lines()]
            .concat(),
    )
}
