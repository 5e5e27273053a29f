//! Settings > API Keys, for administrators. The pages use the services that `api` uses, and have no rules of their own.
//!
//! - `index`  the list; `new` the form of a new key; `secret` the only page with a secret
//! - `edit`   the form of a change; `fields` the fields it shares with `new`; `disabled` the page while management is off
//! - `show`   one key; `rotate` its replacement, step by step; `revoke` the confirmation of a revocation; `pause` that of a
//!   pause; `bulk` a change of the keys that were selected in the list
//! - `leaks` search by a pasted text; `management` the switch of the account owner; `policy` the form of the policy
//! - `expiration` the choice of an expiry, `permissions` that of permissions, `custodian` that of a custodian; `traffic` requests over
//!   time, `overview` those with all keys, for Home
//! - `least_privilege` permissions granted and used; `shadow` the trial of a smaller set
//! - `unusual` unusual activity of all keys, and its rules
//! - `labels` permissions, statuses and limits as text

mod bulk;
mod custodian;
mod disabled;
mod edit;
mod expiration;
mod fields;
mod index;
mod labels;
mod leaks;
mod least_privilege;
mod management;
mod new;
mod overview;
mod pause;
mod permissions;
mod policy;
mod revoke;
mod rotate;
mod secret;
mod shadow;
mod show;
mod traffic;
mod unusual;

pub use self::custodian::Custodians;
use crate::app::App;
use kit::http::Routes;

pub use overview::TrafficSection;

pub fn routes() -> Routes<App> {
    Routes::new(
        "API keys",
        [
            index::routes(),
            leaks::routes(),
            new::routes(),
            show::routes(),
            edit::routes(),
            rotate::routes(),
            revoke::routes(),
            pause::routes(),
            shadow::routes(),
            bulk::routes(),
            management::routes(),
            policy::routes(),
            unusual::routes(),
        ]
        .concat(),
    )
}
