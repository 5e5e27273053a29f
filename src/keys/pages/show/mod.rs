//! The page of one key.
//!
//! - here its settings; `usage` requests, refusals and addresses; `latest` single requests; `history` events and relatives by rotation

mod history;
mod latest;
mod usage;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use self::history::{EventLine, Relative};
use self::latest::LatestSection;
use self::usage::UsageSection;
use super::labels::{self, Badge};
use super::least_privilege::GrantedAndUsed;
use super::shadow::ShadowSection;
use super::traffic;
use super::unusual::{self as activity, UnusualLine};
use crate::access::{ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, Pause, Person, Status};
use crate::keys::tables::last_use;
use crate::keys::{service, store};
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
    /// The pause of a paused key.
    pause: Option<Pause>,
    can: Actions,
    abilities: Vec<&'static str>,
    permissions: String,
    blocks: String,
    limit: String,
    last_use: Option<last_use::Model>,
    used: UsageSection,
    latest: LatestSection,
    /// The permissions of a key that can be used.
    least: Option<GrantedAndUsed>,
    shadow: Option<ShadowSection>,
    /// Unusual activity of the last 28 days.
    unusual: Vec<UnusualLine>,
    relatives: Vec<Relative>,
    events: Vec<EventLine>,
    /// The custodian, if they are a member of the workspace.
    custodian: Option<Person>,
}

/// A message about the action that led to this page.
struct KeyNotice {
    class: &'static str,
    text: &'static str,
}

/// The actions that the status of the key allows.
#[expect(clippy::struct_excessive_bools, reason = "each is a button of its own")]
struct Actions {
    rotate: bool,
    pause: bool,
    resume: bool,
    revoke: bool,
    edit: bool,
}

impl Actions {
    fn new(status: Status, is_enabled: bool, has_successor: bool) -> Self {
        Self {
            // A rotation that has begun can be finished while key management is off.
            rotate: status.is_live() && (is_enabled || has_successor),
            pause: status == Status::Active,
            resume: status == Status::Paused,
            revoke: status != Status::Revoked,
            edit: status.is_live(),
        }
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
    let is_live = key.status(now).is_live();
    let is_enabled = workspaces::api_keys_enabled(db, workspace).await?;
    let successor = store::find_live_successor(db, workspace, id, now).await?;
    Ok(html(&KeyPage {
        status: labels::status(&key, &frame.at),
        soon: labels::ends_soon(&key, &frame.at),
        notice: notice(&asked, key.status(now)),
        pause: key.current_pause(now).filter(|_| key.status(now) == Status::Paused).cloned(),
        can: Actions::new(key.status(now), is_enabled, successor.is_some()),
        abilities: labels::abilities(key.scopes),
        permissions: labels::permissions(key.permissions, key.scopes),
        blocks: key.allowlist.blocks().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        limit: labels::rate_limit(key.rate_limit),
        last_use: traffic::last_use(&app, id).await?,
        used: UsageSection::read(&app, &key, &asked, &frame.at).await?,
        latest: LatestSection::read(&app, &key, &frame.at).await?,
        least: if is_live { Some(GrantedAndUsed::read(&app, &key, &frame.at).await?) } else { None },
        shadow: if is_live { ShadowSection::read(&app, &key, &frame.at).await? } else { None },
        unusual: activity::of_key(&app, &key, &frame.at).await?,
        relatives: history::relatives(&app, &key, &frame.at).await?,
        events: history::events(&app, workspace, id).await?,
        custodian: service::custodian_of(db, &key).await?,
        frame,
        key,
    }))
}

fn notice(asked: &Fields, status: Status) -> Option<KeyNotice> {
    const SHOWN: &str = "This key was already created. Its secret was shown once and cannot be shown again. If you did not store it, revoke the key and create another one.";
    const UPDATED: &str = "Changes saved. They apply from the next request.";
    const PAUSED: &str = "The key is paused. Every server refuses it.";
    const RESUMED: &str = "The key is resumed. It works again.";
    let said = [
        ("already", "shown", "warn", SHOWN, true),
        ("updated", "1", "good", UPDATED, true),
        // Not when the page is loaded again later, and it is no longer true.
        ("paused", "1", "good", PAUSED, status == Status::Paused),
        ("resumed", "1", "good", RESUMED, status == Status::Active),
    ];
    let found = said.into_iter().find(|(field, value, .., is_true)| *is_true && asked.is(field, value));
    found.map(|(_, _, class, text, _)| KeyNotice { class, text })
}
