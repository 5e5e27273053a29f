//! Settings > Webhooks, for administrators. The pages use the services that `api` uses, and have no rules of their own.
//!
//! - `index` the list; `new` the form of a new endpoint; `secret` the only page with a secret
//! - `show` one endpoint; `deliveries` and `delivery` what was sent to it, `verify` code for its receiver
//! - `edit` the form of a change; `switch` on and off; `rotate` another secret; `delete` the confirmation
//! - `fields` the fields that the forms share; `events` the choice of events; `labels` status and health as text
//! - `day` the deliveries of the last 24 hours as a chart

mod day;
mod delete;
mod deliveries;
mod delivery;
mod edit;
mod events;
mod fields;
mod index;
mod labels;
mod new;
mod rotate;
mod secret;
mod show;
mod switch;
mod verify;

use crate::access::{Caller, PageSession, Permission};
use crate::app::App;
use crate::webhooks::error::Error;
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::service::Manager;
use crate::webhooks::store;
use kit::http::{ApiError, Routes};

/// The path of the list.
const LIST: &str = "/settings/webhooks";

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

/// Returns the person of a page, as the services need them. Administrators may read everything.
fn manager<P: Permission<Caller = Caller>>(app: &App, who: &PageSession<P>) -> Manager {
    Manager {
        workspace: who.workspace(),
        context: who.audit_context(app),
        reach: Reach::everything(),
        is_recent: who.has_recent_proof(app),
    }
}

async fn find<P: Permission<Caller = Caller>>(app: &App, who: &PageSession<P>, id: EndpointId) -> Result<Endpoint, ApiError> {
    Ok(store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?)
}

/// Returns the address of an endpoint's page.
fn path_of(id: EndpointId) -> String {
    format!("{LIST}/{id}")
}
