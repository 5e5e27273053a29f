//! The events of a key, and the keys before and after it by rotation.

use crate::app::App;
use crate::audit::{self, Event, EventFilter, Outcome};
use crate::keys::model::{Key, KeyId};
use crate::keys::pages::labels::{self, Badge};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::Paging;
use kit::page::Moments;

/// The number of events on the page; the audit log has the others.
const EVENTS: u32 = 10;

/// An event of the key.
pub(super) struct EventLine {
    pub(super) event: Event,
    /// The event as a sentence.
    pub(super) words: String,
    pub(super) is_denied: bool,
    /// The reason why the event is unusual, if it is.
    pub(super) unusual: Option<&'static str>,
}

/// Reads the last events of a key, as actor or as target.
pub(super) async fn events(app: &App, workspace: WorkspaceId, key: KeyId) -> DbResult<Vec<EventLine>> {
    let of_key = EventFilter { api_key_id: Some(key), ..EventFilter::default() };
    let page = audit::list(app.db.read(), workspace, &of_key, Paging::page(1, EVENTS)).await?;
    let line = |event: Event| EventLine {
        words: audit::describe(&event),
        is_denied: event.outcome == Outcome::Denied.as_str(),
        unusual: audit::unusual(&event),
        event,
    };
    Ok(page.items.into_iter().map(line).collect())
}

/// A key that is related by rotation.
pub(super) struct Relative {
    pub(super) key: Key,
    pub(super) status: Badge,
    /// True for the key of this page.
    pub(super) is_this: bool,
    /// The name of the key it replaces.
    pub(super) replaces: Option<String>,
}

/// Reads the keys before and after this one by rotation; empty if there are no others.
pub(super) async fn relatives(app: &App, key: &Key, at: &Moments) -> DbResult<Vec<Relative>> {
    let family = store::relatives(app.db.read(), key).await?;
    if family.len() < 2 {
        return Ok(Vec::new());
    }
    let name = |id: KeyId| family.iter().find(|other| other.id == id).map(|other| other.name.clone());
    let relative = |other: &Key| Relative {
        status: labels::status(other, at),
        is_this: other.id == key.id,
        replaces: other.rotated_from.and_then(name),
        key: other.clone(),
    };
    Ok(family.iter().map(relative).collect())
}
