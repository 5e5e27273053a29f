//! The list of findings, with its filters, and the dismissed ones.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::LIST;
use crate::access::{Identity, ManageFindings, PageSession};
use crate::app::App;
use crate::findings::filter::FindingFilter;
use crate::findings::model::{Code, Finding, Severity};
use crate::findings::tables::Model;
use crate::findings::{list, store};
use crate::frame::{Frame, MenuEntry};
use kit::http::route::page;
use kit::http::{ApiError, Route};
use kit::page::{Asked, Fields, Pager, html};

/// Rows of one page.
const PAGE: u32 = 25;

/// Dismissals that are shown.
const MAX_SHOWN: u64 = 50;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(LIST, "Findings", index)]
}

#[derive(Template)]
#[template(path = "findings/index.html")]
struct FindingsPage {
    frame: Frame,
    fields: Fields,
    is_filtered: bool,
    /// Findings that need attention; empty if those of the page are only information.
    urgent: Vec<Finding>,
    /// Findings that are only information.
    notes: Vec<Finding>,
    pager: Pager,
    dismissed: Vec<Model>,
    /// The sentence about what was just done.
    notice: Option<&'static str>,
}

async fn index(who: PageSession<ManageFindings>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "Needs attention", MenuEntry::Findings);
    let filter = FindingFilter {
        code: fields.read::<Code>("code"),
        severity: fields.read::<Severity>("severity"),
        api_key_id: fields.read("api_key_id"),
    };
    let page = list::all((&app).into(), who.caller().tenant(), &filter, fields.paging(PAGE)).await?;
    let pager = Pager::new(&page, &fields, "finding");
    let dismissed = store::list(app.db.read(), who.workspace(), frame.at.now(), MAX_SHOWN).await?;
    let notice = match fields.text("after") {
        "dismissed" => {
            Some("The finding is dismissed for 30 days. No one sees it until then, unless the dismissal is taken back.")
        }
        "restored" => Some("The dismissal was taken back. The finding is listed again if its cause is still there."),
        _ => None,
    };
    let is_filtered = filter != FindingFilter::default();
    let (urgent, notes) = page.items.into_iter().partition(|finding| finding.severity.is_urgent());
    Ok(html(&FindingsPage { frame, fields, is_filtered, urgent, notes, pager, dismissed, notice }))
}
