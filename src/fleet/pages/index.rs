//! The list of aircraft. Filters and page are in its address.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels;
use crate::access::{FleetRead, PageSession};
use crate::app::App;
use crate::fleet::model::{Aircraft, AircraftFilter, Status};
use crate::fleet::store;
use crate::frame::{Frame, MenuEntry};
use kit::http::route::page;
use kit::http::{ApiError, Page, Paging, Route};
use kit::page::{Asked, Badge, Choice, ListFilters, Pager, html_with};

/// Rows of one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/fleet", "Fleet page", index)]
}

#[derive(Template)]
#[template(path = "fleet/index.html")]
struct FleetPage {
    frame: Frame,
    filters: ListFilters,
    rows: Vec<(Badge, Aircraft)>,
    pager: Pager,
}

impl FleetPage {
    fn statuses(&self) -> Vec<Choice> {
        self.filters.choices("status", Status::ALL, Status::as_str, labels::title)
    }
}

async fn index(who: PageSession<FleetRead>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let mut filters = ListFilters::new(&asked, &["search", "status"]);
    let filter = AircraftFilter { search: filters.search("search"), status: filters.word("status") };
    let page = if filters.faults.is_empty() {
        store::list(app.db.read(), who.workspace(), &filter, filters.paging(PAGE)).await?
    } else {
        Page::new(Vec::new(), Some(0), Paging::page(1, PAGE), None)
    };
    let pager = Pager::new(&page, filters.fields(), "aircraft");
    let rows = page.items.into_iter().map(|aircraft| (labels::status(aircraft.status), aircraft)).collect();
    let status = if filters.faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(html_with(status, &FleetPage { frame: who.frame(&app, "Fleet", MenuEntry::Fleet), filters, rows, pager }))
}
