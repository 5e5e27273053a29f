//! The page of one aircraft.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::labels;
use crate::access::{FleetRead, PageSession};
use crate::app::App;
use crate::audit::{Disclosure, Provenance, provenance};
use crate::fleet::error::Error;
use crate::fleet::model::{Aircraft, AircraftId};
use crate::fleet::store;
use crate::frame::{Frame, MenuEntry};
use crate::scopes::{Module, Scope};
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::{Badge, html};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/fleet/{id}", "Aircraft page", show)]
}

#[derive(Template)]
#[template(path = "fleet/show.html")]
struct AircraftPage {
    frame: Frame,
    status: Badge,
    aircraft: Aircraft,
    /// True if the member may see trips.
    sees_trips: bool,
    provenance: Provenance,
}

async fn show(who: PageSession<FleetRead>, State(app): State<App>, Path(id): Path<AircraftId>) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let aircraft = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(&app, aircraft.tail_number.as_str(), MenuEntry::Fleet);
    let provenance = provenance(db, workspace, &id.to_string(), (frame.role, Disclosure::Everything)).await?;
    let (status, sees_trips) = (labels::status(aircraft.status), who.may(Scope::read(Module::Trips)));
    Ok(html(&AircraftPage { frame, status, aircraft, sees_trips, provenance }))
}
