//! Unusual activity: what was recorded lately of all keys or of one, and the rules in plain words.

use std::collections::HashMap;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::model::{Key, KeyId};
use crate::keys::store;
use crate::keys::unusual::{UnusualActivity, UnusualKind, unusual_since};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::route::page;
use kit::http::{ApiError, Route};
use kit::page::{Moments, html};

/// The path of the page that explains the rules.
pub(super) const PATH: &str = "/settings/api-keys/unusual";

/// The time for which records are shown: the one that rules compare with.
const SHOWN: Duration = Duration::from_hours(28 * 24);

/// Records on a page; the audit log has the others.
const MOST: u64 = 100;
const MOST_OF_KEY: u64 = 10;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Unusual activity of API keys", index)]
}

#[derive(Template)]
#[template(path = "keys/unusual.html")]
struct UnusualPage {
    frame: Frame,
    records: Vec<UnusualLine>,
    is_full: bool,
    rules: Vec<(UnusualKind, &'static str)>,
}

/// A record as a sentence.
pub(super) struct UnusualLine {
    pub(super) key: KeyId,
    pub(super) name: String,
    pub(super) at: Time,
    /// “was used again after 43 days without a use”
    pub(super) words: String,
}

async fn index(who: PageSession<ManageKeys>, State(app): State<App>) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "Unusual activity", MenuEntry::ApiKeys);
    let since = frame.at.now().before(SHOWN);
    let found = unusual_since(app.db.read(), who.workspace(), None, since, MOST).await?;
    let records = lines(&app, who.workspace(), found).await?;
    let rules = UnusualKind::ALL.iter().map(|kind| (*kind, rule(*kind))).collect();
    Ok(html(&UnusualPage { is_full: records.len() as u64 == MOST, records, rules, frame }))
}

/// Reads what was recorded of a key lately.
pub(super) async fn of_key(app: &App, key: &Key, at: &Moments) -> DbResult<Vec<UnusualLine>> {
    let found = unusual_since(app.db.read(), key.workspace, Some(key.id), at.now().before(SHOWN), MOST_OF_KEY).await?;
    lines(app, key.workspace, found).await
}

async fn lines(app: &App, workspace: WorkspaceId, found: Vec<UnusualActivity>) -> DbResult<Vec<UnusualLine>> {
    let ids: Vec<KeyId> = found.iter().map(|one| one.key).collect();
    let keys = store::find_all(app.db.read(), workspace, &ids).await?;
    let names: HashMap<KeyId, String> = keys.into_iter().map(|key| (key.id, key.name)).collect();
    let line = |one: UnusualActivity| {
        Some(UnusualLine { key: one.key, name: names.get(&one.key)?.clone(), at: one.at, words: one.unusual.predicate() })
    };
    Ok(found.into_iter().filter_map(line).collect())
}

/// Explains a rule.
const fn rule(kind: UnusualKind) -> &'static str {
    match kind {
        UnusualKind::NewNetwork => {
            "The key is used from a network for the first time, at least 7 days after its first use. A network is 256 neighbouring IPv4 addresses (a /24) or a /48 of IPv6. Networks are those of the addresses that the key’s page counts."
        }
        UnusualKind::Dormant => "The key is used again after at least 30 days without an accepted request.",
        UnusualKind::Spike => {
            "In one hour the key has at least 100 requests, and more than 5 times the most that it had in any hour of the 28 days before. Not in the first 7 days of use."
        }
        UnusualKind::Refusals => "In one hour at least 50 requests arrive, and more than 20 % of them are refused.",
        UnusualKind::FirstWrite => "A key that is at least 7 days old and has only read data writes for the first time.",
        UnusualKind::UnusualHour => {
            "The key is used at an hour of the week at which it was not used in the 28 days before. Only for keys with habits: at least 14 days of use, at most half of the hours of a week, and mostly hours that recur. Hours are in the time zone of the workspace."
        }
        UnusualKind::TwoPlaces => {
            "The key is used from two networks within 60 seconds, and one of them is new within the hour. Not on the first day of use."
        }
        UnusualKind::Leak => "The secret is sent in a URL, or secret scanning finds it in a place that others can read.",
    }
}
