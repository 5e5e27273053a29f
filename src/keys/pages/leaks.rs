//! Search by a pasted text of any length, such as a log or a diff. The script of the page finds the secrets in it, and sends their
//! digests: the text does not leave the browser.

use std::collections::HashSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels::{self, Badge};
use crate::access::{Form, ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::model::Key;
use crate::keys::service::{self, KeyDetails};
use key_format::SecretDigest;
use kit::clock::Time;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{FormErrors, html_with};

pub(super) const PATH: &str = "/settings/api-keys/leaks";

/// The secrets of one search. The script sends no more, and says how many it has left out.
const MOST: usize = 500;

/// Between two digests, as a letter that forms do not escape.
const SEPARATOR: char = '.';

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page to find keys in a text", show), form(PATH, "Find keys by their digests", find)]
}

#[derive(Template)]
#[template(path = "keys/leaks.html")]
struct LeaksPage {
    frame: Frame,
    found: Option<FoundKeys>,
    faults: FormErrors,
}

/// The keys that secrets belong to.
struct FoundKeys {
    rows: Vec<FoundKey>,
    /// Secrets that were looked up.
    searched: u64,
    /// Secrets that no key of the workspace has.
    unknown: u64,
    /// Secrets that were not looked up.
    left_out: u64,
}

struct FoundKey {
    key: Key,
    status: Badge,
    is_live: bool,
    /// Time and address of the last use.
    last_use: Option<(Time, String)>,
}

async fn show(who: PageSession<ManageKeys>, State(app): State<App>) -> Response {
    render(frame(&app, &who), None, FormErrors::default())
}

fn frame(app: &App, who: &PageSession<ManageKeys>) -> Frame {
    who.frame(app, "Find leaked keys", MenuEntry::ApiKeys)
}

fn render(frame: Frame, found: Option<FoundKeys>, faults: FormErrors) -> Response {
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    html_with(status, &LeaksPage { frame, found, faults })
}

async fn find(who: PageSession<ManageKeys>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let frame = frame(&app, &who);
    let Some(digests) = read(fields.text("digests")) else {
        let faults =
            FormErrors::of_whole("No key was looked up: the page sends the digests of 1 to 500 keys. Paste the text again.");
        return Ok(render(frame, None, faults));
    };
    let count = digests.len() as u64;
    let found = service::find_by_secrets(&app.keys, who.workspace(), digests).await?;
    let row = |KeyDetails { key, last_use, .. }: KeyDetails| FoundKey {
        status: labels::status(&key, &frame.at),
        is_live: key.status(frame.at.now()).is_live(),
        last_use: last_use.map(|last| (last.at, last.ip)),
        key,
    };
    let mut rows: Vec<_> = found.into_iter().map(row).collect();
    rows.sort_by(|one, other| (!one.is_live, &one.key.name).cmp(&(!other.is_live, &other.key.name)));
    let unknown = count.saturating_sub(rows.len() as u64);
    let left_out = fields.read("left_out").unwrap_or(0);
    let found = FoundKeys { rows, searched: count, unknown, left_out };
    Ok(render(frame, Some(found), FormErrors::default()))
}

/// Reads a list of digests; `None` if there are none, too many, or something else.
fn read(text: &str) -> Option<HashSet<SecretDigest>> {
    let read = |text: &str| {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok().map(|()| SecretDigest(digest))
    };
    let digests: Option<HashSet<_>> = text.split(SEPARATOR).map(read).take(MOST + 1).collect();
    digests.filter(|digests| digests.len() <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_1_to_500_digests() {
        let digest = |number: usize| format!("{number:064x}");
        let list = |count: usize| (0..count).map(digest).collect::<Vec<_>>().join(".");
        let count = |text: &str| read(text).map(|digests| digests.len());
        assert_eq!([count(&list(1)), count(&list(500)), count(&list(501))], [Some(1), Some(500), None]);
        assert_eq!(count(&format!("{0}.{0}", digest(7))), Some(1));
        for text in ["", ".", "pck_", &digest(1)[1..], &format!("{}.", digest(1)), &"0g".repeat(32)] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
