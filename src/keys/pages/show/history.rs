//! What happened to the key, what it did, and the keys before and after it.

use crate::app::App;
use crate::audit::{self, Event, EventFilter, Outcome};
use crate::keys::model::{Key, KeyId};
use crate::keys::pages::words::{self, Badge};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::Paging;
use kit::page::Moments;

/// Events that are shown here; the log has the others.
const EVENTS: Paging = Paging { page: 1, page_size: 10 };

/// One event.
pub(super) struct Told {
    pub(super) event: Event,
    /// As a sentence.
    pub(super) words: String,
    pub(super) is_denied: bool,
    /// Why it deserves a second look.
    pub(super) unusual: Option<&'static str>,
}

/// The last events of a key: what it did, and what was done to it.
pub(super) async fn events(app: &App, workspace: WorkspaceId, key: KeyId) -> DbResult<Vec<Told>> {
    let of_key = EventFilter { api_key_id: Some(key.to_string()), ..EventFilter::default() };
    let page = audit::list(app.db.read(), workspace, &of_key, EVENTS).await?;
    let told = |event: Event| Told {
        words: audit::describe(&event),
        is_denied: event.outcome == Outcome::Denied.as_str(),
        unusual: audit::unusual(&event),
        event,
    };
    Ok(page.items.into_iter().map(told).collect())
}

/// One of the keys that came of the same key by rotation.
pub(super) struct Relative {
    pub(super) key: Key,
    pub(super) status: Badge,
    /// Whether it is the one whose page this is.
    pub(super) is_this: bool,
    /// The name of the key that it replaces.
    pub(super) replaces: Option<String>,
}

/// The keys before and after this one; none if there is but this one.
pub(super) async fn relatives(app: &App, key: &Key, at: &Moments) -> DbResult<Vec<Relative>> {
    let family = store::relatives(app.db.read(), key).await?;
    if family.len() < 2 {
        return Ok(Vec::new());
    }
    let name = |id: KeyId| family.iter().find(|other| other.id == id).map(|other| other.name.clone());
    let relative = |other: &Key| Relative {
        status: words::status(other, at),
        is_this: other.id == key.id,
        replaces: other.rotated_from.and_then(name),
        key: other.clone(),
    };
    Ok(family.iter().map(relative).collect())
}
