//! The list of keys: filter, search, order and page are in its address.
//!
//! - `wanted` what the address asks for; `rows` what is shown of each key; `search` a text, or a key that was pasted

mod rows;
mod search;
mod wanted;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sea_orm::ConnectionTrait;

use crate::access::{ManageKeys, OwnWorkspace, PageSession, Permission};
use crate::app::App;
use crate::frame::{Frame, Place};
use crate::keys::model::KeyId;
use crate::keys::store::{self, Counts};
use crate::keys::tally;
use crate::members::{self, Member, Role};
use crate::workspaces::{self, WorkspaceId};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::route::{form, page};
use kit::http::{ApiError, Page, Route};
use kit::page::{Asked, Fields, Pager, html};

use rows::{Row, rows};
pub(super) use wanted::LIST;
use wanted::{Heads, Wanted};

pub(super) fn lines() -> Vec<Route<App>> {
    vec![page("/settings/api-keys", "API Keys", index), form("/settings/api-keys/search", "Search the API keys", search::search)]
}

#[derive(Template)]
#[template(path = "keys/index.html")]
struct IndexPage {
    frame: Frame,
    wanted: Wanted,
    counts: Counts,
    heads: Heads,
    rows: Vec<Row>,
    pager: Pager,
    management: Management,
    /// The name of the key that was revoked a moment ago, and since when every node refuses it, if that was noted.
    revoked: Option<(String, Option<Time>)>,
    /// Whether key management was switched a moment ago.
    is_switched: bool,
}

/// The switch of the account owner, as the visitor sees it.
struct Management {
    is_on: bool,
    is_owner: bool,
    /// Who could switch it on for somebody who cannot.
    whom_to_ask: Vec<Member>,
}

impl IndexPage {
    /// Nobody has made a key yet.
    fn is_empty(&self) -> bool {
        self.wanted.is_for_all() && self.counts.of(None) == 0
    }
}

async fn index(who: PageSession<ManageKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let frame = who.frame(&app, "API Keys", Place::ApiKeys);
    let wanted = Wanted::read(&fields);
    let counts = tally::count(&app, workspace, &wanted.query.search, frame.at.now()).await?;
    let total = counts.of(wanted.query.status);
    let paging = wanted.paging(total);
    let keys = store::find_page(db, workspace, &wanted.query, paging, frame.at.now()).await?;
    let page = Page::new(rows(db, keys, &frame.at).await?, total, paging);
    let pager = Pager::new(&page, &wanted.fields(), "key");
    Ok(html(&IndexPage {
        management: management(db, workspace, frame.role).await?,
        revoked: revoked(db, workspace, &fields).await?,
        is_switched: fields.is("switched", "1"),
        rows: page.items,
        heads: wanted.heads(),
        frame,
        wanted,
        counts,
        pager,
    }))
}

async fn management(db: &impl ConnectionTrait, workspace: WorkspaceId, role: Role) -> DbResult<Management> {
    let is_on = workspaces::api_keys_enabled(db, workspace).await?;
    let is_owner = OwnWorkspace::RULE.admits(role);
    let whom_to_ask =
        if is_on || is_owner { Vec::new() } else { members::with_role(db, workspace, &[Role::AccountOwner]).await? };
    Ok(Management { is_on, is_owner, whom_to_ask })
}

/// The key that the address says was revoked, if it was.
async fn revoked(db: &impl ConnectionTrait, workspace: WorkspaceId, fields: &Fields) -> DbResult<Option<(String, Option<Time>)>> {
    let Some(id) = fields.read::<KeyId>("revoked") else { return Ok(None) };
    let key = store::find(db, workspace, id).await?.filter(|key| key.revoked_at.is_some());
    Ok(key.map(|key| (key.name, key.refused_everywhere_at)))
}
