//! The page of one key.
//!
//! - here its settings; `usage` requests, refusals and addresses; `unused` permissions; `history` events and relatives by rotation

mod history;
mod unused;
mod usage;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use self::history::{EventLine, Relative};
use self::usage::UsageSection;
use super::labels::{self, Badge};
use super::traffic;
use crate::access::{ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, Status};
use crate::keys::store;
use crate::keys::tables::last_use;
use crate::workspaces;
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::{Asked, Fields, html};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/settings/api-keys/{id}", "API key page", show)]
}

#[derive(Template)]
#[template(path = "keys/show.html")]
struct KeyPage {
    frame: Frame,
    key: Key,
    status: Badge,
    soon: Option<Badge>,
    notice: Option<KeyNotice>,
    can: Actions,
    abilities: Vec<&'static str>,
    permissions: String,
    blocks: String,
    limit: String,
    last_use: Option<last_use::Model>,
    used: UsageSection,
    /// The sentence about permissions that the key does not use.
    unused: Option<String>,
    relatives: Vec<Relative>,
    events: Vec<EventLine>,
}

/// A message about the action that led to this page.
struct KeyNotice {
    class: &'static str,
    text: &'static str,
}

/// The actions that the status of the key allows.
struct Actions {
    rotate: bool,
    revoke: bool,
    edit: bool,
}

impl Actions {
    fn new(status: Status, is_enabled: bool, has_successor: bool) -> Self {
        let is_active = status == Status::Active;
        // A rotation that has begun can be finished while key management is off.
        Self { rotate: is_active && (is_enabled || has_successor), revoke: status != Status::Revoked, edit: is_active }
    }
}

async fn show(
    who: PageSession<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let key = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(&app, &key.name, MenuEntry::ApiKeys);
    let now = frame.at.now();
    let is_enabled = workspaces::api_keys_enabled(db, workspace).await?;
    let successor = store::find_active_successor(db, workspace, id, now).await?;
    Ok(html(&KeyPage {
        status: labels::status(&key, &frame.at),
        soon: labels::ends_soon(&key, &frame.at),
        notice: notice(&asked),
        can: Actions::new(key.status(now), is_enabled, successor.is_some()),
        abilities: labels::abilities(key.scopes),
        permissions: labels::permissions(key.permissions, key.scopes),
        blocks: key.allowlist.blocks().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        limit: labels::rate_limit(key.rate_limit),
        last_use: traffic::last_use(&app, id).await?,
        used: UsageSection::read(&app, &key, &asked, &frame.at).await?,
        unused: unused::unused(&app, &key, &frame.at).await?,
        relatives: history::relatives(&app, &key, &frame.at).await?,
        events: history::events(&app, workspace, id).await?,
        frame,
        key,
    }))
}

fn notice(asked: &Fields) -> Option<KeyNotice> {
    const SHOWN: &str = "This key was already created. Its secret was shown once and cannot be shown again. If you did not store it, revoke the key and create another one.";
    const UPDATED: &str = "Changes saved. They apply from the next request.";
    let said = [("already", "shown", "warn", SHOWN), ("updated", "1", "good", UPDATED)];
    let found = said.into_iter().find(|(field, value, ..)| asked.is(field, value));
    found.map(|(_, _, class, text)| KeyNotice { class, text })
}
