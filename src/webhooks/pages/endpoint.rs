//! The endpoint and the person of a page, and the addresses of pages.

use crate::access::{Caller, PageSession, Permission};
use crate::app::App;
use crate::webhooks::error::Error;
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::service::Manager;
use crate::webhooks::store;
use kit::http::ApiError;

/// The path of the list.
pub(super) const LIST: &str = "/settings/webhooks";

/// Returns the person of a page, as the services need them. Administrators may read everything.
pub(super) fn manager<P: Permission<Caller = Caller>>(app: &App, who: &PageSession<P>) -> Manager {
    Manager {
        workspace: who.workspace(),
        context: who.audit_context(app),
        reach: Reach::everything(),
        is_recent: who.has_recent_proof(app),
    }
}

pub(super) async fn find<P: Permission<Caller = Caller>>(
    app: &App,
    who: &PageSession<P>,
    id: EndpointId,
) -> Result<Endpoint, ApiError> {
    Ok(store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?)
}

/// Returns the address of an endpoint's page.
pub(super) fn path_of(id: EndpointId) -> String {
    format!("{LIST}/{id}")
}
