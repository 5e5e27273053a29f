//! The page of one endpoint: its tab “Overview”.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::alerts::{Disabled, Failing};
use super::endpoint::{find, manager, path_of};
use super::labels::{self, Badge};
use super::{day, events, times};
use crate::access::{Form, ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::input::TestWebhook;
use crate::webhooks::model::{Attempt, Endpoint, EndpointId, Schedule};
use crate::webhooks::service;
use crate::webhooks::settings::WebhookSettings;
use crate::webhooks::store::{self, Figures};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::chart::Bars;
use kit::page::{Asked, Fields, html};

const PATH: &str = "/settings/webhooks/{id}";
const TEST: &str = "/settings/webhooks/{id}/test";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Webhook page", show),
        page(TEST, "Page of a webhook, from the address of its test", moved),
        form(TEST, "Send a test", test),
    ]
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
struct WebhookPage {
    frame: Frame,
    head: Head,
    notice: Option<Notice>,
    /// The attempt of a test that was just sent.
    tested: Option<Attempt>,
    events: String,
    schedule: String,
    figures: Figures,
    success_rate: Option<String>,
    chart: Bars,
}

/// The head that the tabs of an endpoint share.
pub(super) struct Head {
    pub(super) endpoint: Endpoint,
    pub(super) status: Badge,
    pub(super) health: String,
    pub(super) failing: Option<Failing>,
    pub(super) disabled: Option<Disabled>,
    /// The tab that is open.
    pub(super) tab: Tab,
}

/// A tab of the page of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tab {
    Overview,
    Deliveries,
    Verify,
}

/// A message about the action that led to this page.
struct Notice {
    class: &'static str,
    text: &'static str,
}

async fn show(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let page = WebhookPage::read(&app, &who, id).await?;
    Ok(html(&WebhookPage { notice: notice(&asked), ..page }))
}

async fn moved(_: PageSession<ManageWebhooks>, Path(id): Path<EndpointId>) -> Response {
    Redirect::to(&path_of(id)).into_response()
}

/// Sends a test and shows its attempt, whatever its outcome.
async fn test(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    _: Form,
) -> Result<Response, ApiError> {
    let attempt = service::test(&app.webhooks, &app, manager(&app, &who), id, TestWebhook::default()).await?;
    let page = WebhookPage::read(&app, &who, id).await?;
    Ok(html(&WebhookPage { tested: Some(attempt), ..page }))
}

impl WebhookPage {
    async fn read(app: &App, who: &PageSession<ManageWebhooks>, id: EndpointId) -> Result<Self, ApiError> {
        let db = app.db.read();
        let endpoint = find(app, who, id).await?;
        let frame = who.frame(app, labels::title(&endpoint), MenuEntry::Webhooks);
        let figures = store::figures(db, &[id], frame.at.now()).await?.remove(&id).unwrap_or_default();
        let hours = store::count_by_hour(db, &[id], &day::starts(&frame.at)).await?.remove(&id).unwrap_or_default();
        Ok(Self {
            notice: None,
            tested: None,
            events: events::in_words(&endpoint.events),
            schedule: schedule(endpoint.schedule, &app.config.webhooks),
            success_rate: labels::success_rate(figures),
            chart: day::bars(&hours, &frame.at, (240, 64)),
            head: Head::new(app, endpoint, figures, &frame, Tab::Overview),
            figures,
            frame,
        })
    }
}

impl Head {
    pub(super) fn new(app: &App, endpoint: Endpoint, figures: Figures, frame: &Frame, tab: Tab) -> Self {
        let (settings, now) = (&app.config.webhooks, frame.at.now());
        Self {
            status: labels::badge(endpoint.status()),
            health: labels::health(&endpoint, figures, &frame.at),
            failing: Failing::of(&endpoint, settings, now),
            disabled: Disabled::of(&endpoint, settings, now),
            endpoint,
            tab,
        }
    }
}

fn schedule(schedule: Schedule, settings: &WebhookSettings) -> String {
    match schedule {
        Schedule::Standard => format!("Standard: {}", times::attempts(&settings.schedule)),
        Schedule::Extended => "Extended: 8 attempts within about 3 days".to_owned(),
    }
}

fn notice(asked: &Fields) -> Option<Notice> {
    const ALREADY: &str = "This webhook was already created. Its secret was shown once and cannot be shown again. If you did not store it, rotate it.";
    const UNRESOLVED: &str =
        "Changes saved. The host name of the URL does not resolve at the moment: nothing arrives until it does.";
    let said = [
        ("already", "warn", ALREADY),
        ("updated", "good", "Changes saved."),
        ("unresolved", "warn", UNRESOLVED),
        ("on", "good", "The webhook is on. What is due is delivered now."),
        ("off", "good", "The webhook is off. Nothing is delivered, and events are kept for 30 days."),
    ];
    let found = said.into_iter().find(|(value, ..)| asked.is("after", value));
    found.map(|(_, class, text)| Notice { class, text })
}
