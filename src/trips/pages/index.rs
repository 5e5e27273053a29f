//! The list of trips. Filters and page are in its address.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels;
use crate::access::{PageSession, TripsRead};
use crate::app::App;
use crate::fleet::{self, Aircraft, AircraftId};
use crate::frame::{Frame, MenuEntry};
use crate::scopes::{Module, Scope};
use crate::trips::model::{Trip, TripFilter, TripType};
use crate::trips::status::Status;
use crate::trips::store;
use kit::http::route::page;
use kit::http::{ApiError, Page, Paging, Route};
use kit::page::{Asked, Badge, Choice, ListFilters, Moments, Pager, html_with};

/// Rows of one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/trips", "Trips page", index)]
}

#[derive(Template)]
#[template(path = "trips/index.html")]
struct TripsPage {
    frame: Frame,
    filters: ListFilters,
    /// The aircraft that the list is about, if it is filtered by one.
    aircraft: Option<Aircraft>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    status: Badge,
    trip_type: &'static str,
    /// Id and tail number of the aircraft, if the member may see it.
    aircraft: Option<(AircraftId, String)>,
    trip: Trip,
}

impl TripsPage {
    fn statuses(&self) -> Vec<Choice> {
        self.filters.choices("status", Status::ALL, Status::as_str, labels::status_title)
    }

    fn types(&self) -> Vec<Choice> {
        self.filters.choices("trip_type", TripType::ALL, TripType::as_str, labels::type_title)
    }
}

async fn index(who: PageSession<TripsRead>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let frame = who.frame(&app, "Trips", MenuEntry::Trips);
    let mut filters = ListFilters::new(&asked, &["status", "trip_type", "aircraft_id", "date_from", "date_to"]);
    let filter = read(&mut filters, &frame.at);
    let page = if filters.faults.is_empty() {
        store::list(db, workspace, &filter, filters.paging(PAGE)).await?
    } else {
        Page::new(Vec::new(), Some(0), Paging::page(1, PAGE), None)
    };
    let sees_fleet = who.may(Scope::read(Module::Fleet));
    let ids = page.items.iter().filter_map(|trip| trip.aircraft_id).filter(|_| sees_fleet);
    let names: HashMap<AircraftId, String> = fleet::tail_numbers(db, workspace, ids).await?;
    let aircraft = match filter.aircraft_id.filter(|_| sees_fleet) {
        Some(id) => fleet::find(db, workspace, id).await?,
        None => None,
    };
    let pager = Pager::new(&page, filters.fields(), "trip");
    let row = |trip: Trip| Row {
        status: labels::status(trip.status),
        trip_type: labels::type_title(trip.trip_type),
        aircraft: trip.aircraft_id.and_then(|id| names.get(&id).map(|name| (id, name.clone()))),
        trip,
    };
    let rows = page.items.into_iter().map(row).collect();
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(html_with(status, &TripsPage { frame, filters, aircraft, rows, pager }))
}

/// Reads the filter of the API from the fields of the page. Days are days in the zone of the page.
fn read(filters: &mut ListFilters, at: &Moments) -> TripFilter {
    let (date_from, date_to) = filters.times(["date_from", "date_to"], at);
    TripFilter {
        status: filters.word("status"),
        trip_type: filters.word("trip_type"),
        aircraft_id: filters.id("aircraft_id", "an aircraft"),
        date_from,
        date_to,
        ..TripFilter::default()
    }
}
