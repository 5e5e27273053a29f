//! Home. The command menu is `search`.

mod search;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{ManageKeys, PageSession, Permission, ReadAuditLog, ViewHome};
use crate::app::App;
use crate::findings::{self, Top};
use crate::frame::{Frame, MenuEntry};
use crate::home::data::DataSection;
use crate::home::events::{self, EventLine};
use crate::keys::TrafficSection;
use kit::http::route::page;
use kit::http::{ApiError, Routes};
use kit::page::{Asked, html};

/// Findings that are shown; a link leads to the others.
const MOST_URGENT: u32 = 5;

pub fn routes() -> Routes<App> {
    Routes::new("Home", [vec![page("/", "Home", index)], search::routes()].concat())
}

#[derive(Template)]
#[template(path = "home/index.html")]
struct HomePage {
    frame: Frame,
    /// The most urgent findings, for administrators.
    attention: Option<Top>,
    /// The requests with all keys, for administrators.
    traffic: Option<TrafficSection>,
    /// The latest events, for those who may read the audit log.
    events: Option<Vec<EventLine>>,
    data: DataSection,
}

async fn index(who: PageSession<ViewHome>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let (workspace, role) = (who.workspace(), who.member().role);
    let frame = who.frame(&app, "Home", MenuEntry::Home);
    let attention = findings::attention(&app, who.caller(), MOST_URGENT).await?;
    let traffic =
        if ManageKeys::RULE.admits(role) { Some(TrafficSection::read(&app, workspace, &asked, &frame.at).await?) } else { None };
    let events = if ReadAuditLog::RULE.admits(role) { Some(events::latest(app.db.read(), workspace).await?) } else { None };
    let data = DataSection::read(app.db.read(), workspace, who.member(), &frame.at).await?;
    Ok(html(&HomePage { frame, attention, traffic, events, data }))
}
