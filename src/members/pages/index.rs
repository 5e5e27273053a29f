//! The list of members, with a notice of the last change.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::acting::acting;
use crate::access::{ManageMembers, PageSession};
use crate::app::App;
use crate::audit::{self, Action, EventFilter};
use crate::frame::{Frame, MenuEntry};
use crate::members::service::require_changeable;
use crate::members::{Error, Member, MemberId, store};
use kit::db::DbResult;
use kit::http::route::page;
use kit::http::{ApiError, Paging, Route};
use kit::page::{Asked, Fields, Pager, html};

const PAGE: u32 = 50;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/settings/members", "Members", index)]
}

#[derive(Template)]
#[template(path = "members/index.html")]
struct IndexPage {
    frame: Frame,
    notice: Option<Notice>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    member: Member,
    is_self: bool,
    /// True if the person may change them.
    is_changeable: bool,
}

/// The last change, if the database confirms it.
enum Notice {
    Invited(Member),
    Changed(Member),
    Removed(String),
}

async fn index(who: PageSession<ManageMembers>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let page = store::list_by_name(app.db.read(), who.workspace(), asked.paging(PAGE)).await?;
    let notice = notice(&app, &who, &asked).await?;
    // The next page of the list does not repeat the notice.
    let pager = Pager::new(&page, &Fields::default(), "member");
    let mut rows = Vec::new();
    for member in page.items {
        let is_self = who.member().id == member.id;
        let is_changeable = match require_changeable(app.db.read(), acting(&who), &member).await {
            Ok(()) => true,
            Err(Error::Db(error)) => return Err(error.into()),
            Err(_) => false,
        };
        rows.push(Row { member, is_self, is_changeable });
    }
    Ok(html(&IndexPage { frame: who.frame(&app, "Members", MenuEntry::Members), notice, rows, pager }))
}

/// Returns the notice that the query asks for. A link may say anything: only what the database confirms is shown.
async fn notice(app: &App, who: &PageSession<ManageMembers>, asked: &Fields) -> DbResult<Option<Notice>> {
    let find = async |id| store::find(app.db.read(), who.workspace(), id).await;
    if let Some(id) = asked.read("invited") {
        return Ok(find(id).await?.filter(|member| !member.has_joined).map(Notice::Invited));
    }
    if let Some(id) = asked.read("changed") {
        return Ok(find(id).await?.map(Notice::Changed));
    }
    match asked.read::<MemberId>("removed") {
        Some(id) => removed(app, who, id).await,
        None => Ok(None),
    }
}

/// Returns the notice of a removal, with the name from the audit log: the member is not in the database any more.
async fn removed(app: &App, who: &PageSession<ManageMembers>, id: MemberId) -> DbResult<Option<Notice>> {
    let filter = EventFilter { action: Some(Action::MemberRemoved), ..EventFilter::default() };
    let lately = audit::list(app.db.read(), who.workspace(), &filter, Paging::default()).await?;
    let targets = lately.items.into_iter().filter_map(|event| event.target);
    let name = targets.filter(|target| target.id.as_ref() == Some(&id.to_string())).find_map(|target| target.name);
    Ok(name.map(Notice::Removed))
}
