//! The list of keys. Filter, search, order and page are in its address.
//!
//! - `query` the parameters of the address, `filter` their form; `rows` the rows of the table; `search` a text, or a key that was pasted

mod filter;
mod query;
mod rows;
mod search;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{ExportKeys, ManageKeys, OwnWorkspace, PageSession, Permission};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::api;
use crate::keys::model::{KeyId, StatusCounts};
use crate::keys::service::{self, KeyList};
use crate::keys::store;
use crate::members::{self, Member, Role};
use crate::workspaces::{self, WorkspaceId};
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Asked, Fields, Pager, html};

use filter::FilterForm;
use query::ColumnHeads;
pub(super) use query::{LIST, ListQuery};
use rows::{Rows, rows};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/api-keys", "API Keys", index),
        page("/settings/api-keys/export", "Export API keys from the page", export),
        form("/settings/api-keys/search", "Search the API keys", search::search),
    ]
}

#[derive(Template)]
#[template(path = "keys/index.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows a part of its own")]
struct KeysPage {
    frame: Frame,
    query: ListQuery,
    counts: StatusCounts,
    heads: ColumnHeads,
    list: Rows,
    pager: Pager,
    management: Management,
    filter: FilterForm,
    /// The name of the key that was just revoked, and the time from which every node has refused it, if it is recorded.
    revoked: Option<(String, Option<Time>)>,
    /// True if the workspace was just set up.
    is_new: bool,
    /// True if key management was just switched.
    is_switched: bool,
    /// True if the workspace has a sandbox, which its first test key has created.
    has_sandbox: bool,
    /// True if the sandbox was just reset.
    is_reset: bool,
}

/// The switch of the account owner, as the member sees it.
struct Management {
    is_on: bool,
    is_owner: bool,
    /// The account owners, for a member who cannot switch it on.
    owners: Vec<Member>,
}

impl KeysPage {
    /// Returns whether the workspace has no keys.
    fn is_empty(&self) -> bool {
        self.query.is_for_all() && self.counts.of(None) == 0
    }
}

async fn index(who: PageSession<ManageKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let frame = who.frame(&app, "API Keys", MenuEntry::ApiKeys);
    let query = ListQuery::read(&fields);
    let (paging, include) = (|total| query.paging(total), rows::include(&frame.at));
    let list = service::list(&app.keys, workspace, &query.keys, paging, include, frame.at.now()).await?;
    let KeyList { counts, page } = list;
    let pager = Pager::new(&page, &query.fields(), "key");
    Ok(html(&KeysPage {
        management: management(db, workspace, frame.role).await?,
        revoked: revoked(db, workspace, &fields).await?,
        filter: FilterForm::read(db, workspace, &query.keys.only).await?,
        is_new: fields.is("after", "setup"),
        is_switched: fields.is("switched", "1"),
        has_sandbox: workspaces::find_sandbox(db, workspace).await?.is_some(),
        is_reset: fields.is("sandbox", "reset"),
        list: rows(page.items, &frame.at),
        heads: query.heads(),
        frame,
        query,
        counts,
        pager,
    }))
}

async fn export(who: PageSession<ExportKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    api::file(&app, &who, ListQuery::read(&fields).keys)
}

async fn management(db: &impl Source, workspace: WorkspaceId, role: Role) -> DbResult<Management> {
    let is_on = workspaces::api_keys_enabled(db, workspace).await?;
    let is_owner = OwnWorkspace::RULE.admits(role);
    let owners = if is_on || is_owner { Vec::new() } else { members::with_role(db, workspace, &[Role::AccountOwner]).await? };
    Ok(Management { is_on, is_owner, owners })
}

/// Returns name and refusal time of the key in the `revoked` field, if it is revoked.
async fn revoked(db: &impl Source, workspace: WorkspaceId, fields: &Fields) -> DbResult<Option<(String, Option<Time>)>> {
    let Some(id) = fields.read::<KeyId>("revoked") else { return Ok(None) };
    let key = store::find(db, workspace, id).await?.filter(|key| key.revoked_at.is_some());
    Ok(key.map(|key| (key.name, key.refused_everywhere_at)))
}
