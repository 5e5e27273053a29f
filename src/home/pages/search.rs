//! The command menu: pages and keys by name. The script of the frame opens it in a dialog and reads the results from a fragment of
//! HTML; without the script it is a page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{CreateKeys, FileReports, ManageKeys, ManageMembers, PageSession, Permission, ViewHome};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys;
use crate::members::Role;
use kit::db::DbResult;
use kit::http::route::page;
use kit::http::{ApiError, Route};
use kit::page::{Asked, html};
use kit::text::folded;

/// The largest number of characters of a search.
const LONGEST: usize = 100;

/// The largest number of keys that are found.
const KEYS: u32 = 8;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/search", "Search page", index), page("/search/results", "Results of the command menu", results)]
}

#[derive(Template)]
#[template(path = "home/search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    found: Found,
}

#[derive(Template)]
#[template(path = "home/results.html")]
struct Results {
    found: Found,
}

/// The pages and keys that a text finds.
struct Found {
    pages: Vec<Place>,
    /// Ids, names and hints.
    keys: Vec<(String, String, String)>,
}

/// A page to go to.
struct Place {
    name: &'static str,
    /// The heading of the menu that it is under, or empty.
    under: &'static str,
    path: &'static str,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.keys.is_empty()
    }
}

async fn index(who: PageSession<ViewHome>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    let found = find(&app, &who, asked.text("q")).await?;
    let mut frame = who.frame(&app, "Search", MenuEntry::Home);
    frame.place = None;
    Ok(html(&SearchPage { frame, text: cut(asked.text("q")), found }))
}

async fn results(who: PageSession<ViewHome>, State(app): State<App>, Asked(asked): Asked) -> Result<Response, ApiError> {
    Ok(html(&Results { found: find(&app, &who, asked.text("q")).await? }))
}

fn cut(text: &str) -> String {
    key_format::scrub(text).chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

async fn find(app: &App, who: &PageSession<ViewHome>, text: &str) -> DbResult<Found> {
    let text = cut(text);
    let role = who.member().role;
    let keys = if text.is_empty() || !ManageKeys::RULE.admits(role) {
        Vec::new()
    } else {
        keys::suggest(&app.keys, who.workspace(), &text, KEYS, app.clock.now()).await?
    };
    let keys = keys.into_iter().map(|key| (key.id.to_string(), key.name, key.hint.clone())).collect();
    Ok(Found { pages: places(role, &text), keys })
}

/// Returns the pages that the role opens and whose names contain every word of the text.
fn places(role: Role, text: &str) -> Vec<Place> {
    let entry = |under: &'static str| move |entry: MenuEntry| Place { name: entry.name(), under, path: entry.path() };
    let mut places: Vec<_> = MenuEntry::data_of(role).map(entry("")).collect();
    places.extend(MenuEntry::settings_of(role).map(entry("Settings")));
    let actions = [
        (CreateKeys::RULE.admits(role), "New API Key", "API Keys", "/settings/api-keys/new"),
        (ManageKeys::RULE.admits(role), "Policy", "API Keys", "/settings/api-keys/policy"),
        (ManageKeys::RULE.admits(role), "Find leaked keys", "API Keys", "/settings/api-keys/leaks"),
        (ManageKeys::RULE.admits(role), "Why was a request refused?", "Audit Log", "/settings/audit-log/requests"),
        (ManageMembers::RULE.admits(role), "Invite member", "Members", "/settings/members/new"),
        (FileReports::RULE.admits(role), "File a safety report", "Safety", "/safety/new"),
        (true, "API reference", "", "/docs"),
    ];
    places.extend(actions.into_iter().filter(|(opens, ..)| *opens).map(|(_, name, under, path)| Place { name, under, path }));
    let words: Vec<_> = text.split_whitespace().map(folded).collect();
    places.retain(|place| {
        let name = folded(&format!("{} {}", place.under, place.name));
        words.iter().all(|word| name.contains(word.as_str()))
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_every_word_of_the_search_and_by_role() {
        let names = |role, text| places(role, text).iter().map(|place| place.name).collect::<Vec<_>>();
        assert_eq!(names(Role::Admin, "api KEY"), ["API Keys", "New API Key", "Policy", "Find leaked keys"]);
        assert_eq!(names(Role::Admin, "settings audit"), ["Audit Log"]);
        assert_eq!(names(Role::Pilot, "api"), ["API reference"]);
        assert_eq!(names(Role::Pilot, "safety"), ["Safety", "File a safety report"]);
        assert!(names(Role::Pilot, "nothing like it").is_empty());
    }
}
