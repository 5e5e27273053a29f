//! Settings > Webhooks, for administrators. The pages use the services that `api` uses, and have no rules of their own.
//!
//! - `index` the list; `new` the form of a new endpoint; `secret` the only page with a secret
//! - `show` one endpoint; `deliveries` and `delivery` what was sent to it, `verify` code for its receiver
//! - `edit` the form of a change; `switch` on and off; `rotate` another secret; `delete` the confirmation
//! - `fields` the fields that the forms share; `events` the choice of events; `labels` status and health as text
//! - `endpoint` the endpoint and the person of a page
//! - `day` the deliveries of the last 24 hours as a chart; `times` what the operator has set, in words
//! - `alerts` warnings about endpoints that fail and that are disabled

mod alerts;
mod day;
mod delete;
mod deliveries;
mod delivery;
mod edit;
mod endpoint;
mod events;
mod fields;
mod index;
mod labels;
mod new;
mod rotate;
mod secret;
mod show;
mod switch;
mod times;
mod verify;

use crate::app::App;
use kit::http::Routes;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Webhooks",
        [
            index::routes(),
            new::routes(),
            show::routes(),
            deliveries::routes(),
            delivery::routes(),
            verify::routes(),
            edit::routes(),
            switch::routes(),
            rotate::routes(),
            delete::routes(),
        ]
        .concat(),
    )
}
