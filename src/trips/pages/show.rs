//! The page of one trip.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::labels;
use crate::access::{PageSession, TripsRead};
use crate::app::App;
use crate::audit::{Disclosure, Provenance, provenance};
use crate::fleet::{self, Aircraft, Airport};
use crate::frame::{Frame, MenuEntry};
use crate::scopes::{Module, Scope};
use crate::trips::error::Error;
use crate::trips::model::{Trip, TripId};
use crate::trips::store;
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::{Badge, html};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/trips/{id}", "Trip page", show)]
}

#[derive(Template)]
#[template(path = "trips/show.html")]
struct TripPage {
    frame: Frame,
    status: Badge,
    trip_type: &'static str,
    /// The aircraft, if the member may see it.
    aircraft: Option<Aircraft>,
    trip: Trip,
    provenance: Provenance,
}

async fn show(who: PageSession<TripsRead>, State(app): State<App>, Path(id): Path<TripId>) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let trip = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let aircraft = match trip.aircraft_id.filter(|_| who.may(Scope::read(Module::Fleet))) {
        Some(id) => fleet::find(db, workspace, id).await?,
        None => None,
    };
    let from = place(&trip.origin, trip.origin_name.as_deref());
    let title = format!("{from} to {}", place(&trip.destination, trip.destination_name.as_deref()));
    let frame = who.frame(&app, title, MenuEntry::Trips);
    let provenance = provenance(db, workspace, &id.to_string(), (frame.role, Disclosure::Everything)).await?;
    let (status, trip_type) = (labels::status(trip.status), labels::type_title(trip.trip_type));
    Ok(html(&TripPage { frame, status, trip_type, aircraft, trip, provenance }))
}

/// Returns the code of a place, or its name if it has no code.
fn place<'a>(code: &'a Airport, name: Option<&'a str>) -> &'a str {
    name.filter(|_| code.is_placeholder()).unwrap_or(code.as_str())
}
