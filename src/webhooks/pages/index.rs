//! The list of endpoints.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::alerts::ListNotice;
use super::endpoint::LIST;
use super::labels::{self, Badge};
use super::{day, events};
use crate::access::{ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::input::EndpointFilter;
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::store::{self, Figures, MAX_OF_HOUR};
use kit::clock::Time;
use kit::http::route::page;
use kit::http::{ApiError, Route};
use kit::page::chart::{Bars, OnScale};
use kit::page::number::plural;
use kit::page::{Asked, Pager, html};

/// Rows of one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(LIST, "Webhooks", index)]
}

#[derive(Template)]
#[template(path = "webhooks/index.html")]
struct WebhooksPage {
    frame: Frame,
    notice: ListNotice,
    rows: Vec<Row>,
    /// The number of deliveries of the tallest bar, if there is any.
    tallest: Option<String>,
    pager: Pager,
    /// True after an endpoint was deleted.
    is_deleted: bool,
}

struct Row {
    title: String,
    endpoint: Endpoint,
    events: String,
    status: Badge,
    health: String,
    last_request: Option<(Time, bool)>,
    chart: OnScale,
}

async fn index(who: PageSession<ManageWebhooks>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let db = app.db.read();
    let frame = who.frame(&app, "Webhooks", MenuEntry::Webhooks);
    let paging = fields.paging(PAGE);
    let page = store::list(db, who.workspace(), Reach::everything(), EndpointFilter::default(), paging).await?;
    let ids: Vec<EndpointId> = page.items.iter().map(|endpoint| endpoint.id).collect();
    let mut figures = store::figures(db, &ids, frame.at.now()).await?;
    let mut hours = store::count_by_hour(db, &ids, &day::starts(&frame.at)).await?;
    let pager = Pager::new(&page, &fields, "webhook");
    let failing = store::failing_or_disabled(db, who.workspace()).await?;
    let with_bars = page.items.into_iter().map(|endpoint| {
        let bars = day::bars(&hours.remove(&endpoint.id).unwrap_or_default(), &frame.at, (72, 28));
        (endpoint, bars)
    });
    let with_bars: Vec<(Endpoint, Bars)> = with_bars.collect();
    let tallest = with_bars.iter().map(|(_, bars)| bars.tallest()).max().unwrap_or(0);
    let mut row = |(endpoint, bars): (Endpoint, Bars)| {
        let figures: Figures = figures.remove(&endpoint.id).unwrap_or_default();
        Row {
            title: labels::title(&endpoint),
            events: events::in_words(&endpoint.events),
            status: labels::badge(endpoint.status()),
            health: labels::health(&endpoint, figures, &frame.at),
            last_request: labels::last_request(&endpoint),
            chart: bars.on_scale(tallest),
            endpoint,
        }
    };
    Ok(html(&WebhooksPage {
        rows: with_bars.into_iter().map(&mut row).collect(),
        tallest: (tallest > 0).then(|| tallest_text(tallest)),
        pager,
        is_deleted: fields.is("after", "deleted"),
        notice: ListNotice::of(&failing, &app.config.webhooks, frame.at.now()),
        frame,
    }))
}

fn tallest_text(deliveries: u64) -> String {
    let or_more = if deliveries >= MAX_OF_HOUR { " or more" } else { "" };
    plural(deliveries, "event") + or_more
}
