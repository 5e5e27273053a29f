//! A change of the keys that were selected in the list: the confirmation, and the outcome.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::custodian::{self, Custodians};
use super::index::ListQuery;
use super::labels::{self, Badge};
use super::pause::{OFFERS, Offer, offer};
use super::traffic::requests;
use crate::access::{Form, ManageKeys, MemberPermission, PageSession, PauseKeys, RevokeKeys};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, MAX_SELECTED, PauseKey, Person, Reason};
use crate::keys::service::{self, Include, KeyDetails};
use crate::keys::store;
use kit::clock::Time;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::number::plural;
use kit::page::{Asked, Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/api-keys/bulk";
const REVOKE: &str = "/settings/api-keys/bulk/revoke";
const PAUSE: &str = "/settings/api-keys/bulk/pause";
const ASSIGN: &str = "/settings/api-keys/bulk/assign-custodian";
const RESULT: &str = "/settings/api-keys/bulk/result";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Page to change the selected API keys", confirm),
        form(REVOKE, "Revoke the selected API keys", revoke),
        form(PAUSE, "Pause the selected API keys", pause),
        form(ASSIGN, "Assign a custodian to the selected API keys", assign),
        page(RESULT, "The selected API keys after a change", result),
    ]
}

/// The change that the selected keys get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Revoke,
    Pause,
    Assign,
}

impl Change {
    fn read(fields: &Fields) -> Option<Self> {
        match fields.text("action") {
            "revoke" => Some(Self::Revoke),
            "pause" => Some(Self::Pause),
            "assign" => Some(Self::Assign),
            _ => None,
        }
    }

    /// Returns the path of the form.
    const fn path(self) -> &'static str {
        match self {
            Self::Revoke => REVOKE,
            Self::Pause => PAUSE,
            Self::Assign => ASSIGN,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Pause => "pause",
            Self::Assign => "assign",
        }
    }
}

#[derive(Template)]
#[template(path = "keys/bulk.html")]
struct BulkPage {
    frame: Frame,
    change: Change,
    /// The keys that the change concerns.
    rows: Vec<Row>,
    /// The number of these keys, in words.
    count: String,
    /// The keys that were selected and stay as they are: revoked, or expired.
    others: Vec<Row>,
    /// The fields of the list, to lead back to it.
    kept: Vec<(String, String)>,
    back: String,
    custodians: Custodians,
    reason: String,
    offers: &'static [Offer],
    /// The sentence about keys that are paused already, if there are some.
    paused: Option<String>,
    /// The chosen length of a pause.
    length: &'static str,
    faults: FormErrors,
}

#[derive(Template)]
#[template(path = "keys/bulk_result.html")]
struct ResultPage {
    frame: Frame,
    change: Change,
    rows: Vec<Row>,
    /// “3 of 4 selected keys are revoked.”
    summary: String,
    back: String,
}

/// A selected key.
struct Row {
    key: Key,
    status: Badge,
    /// Time and address of the last use.
    last_use: Option<(Time, String)>,
    /// The requests of the last 24 hours: “340 requests”.
    day: String,
    custodian: Option<Person>,
}

/// Returns the ids of the selected keys, each once.
fn selected(fields: &Fields) -> Vec<KeyId> {
    let mut ids: Vec<KeyId> = Vec::new();
    for (_, text) in fields.pairs().filter(|(name, _)| *name == "key") {
        if let Ok(id) = text.trim().parse()
            && !ids.contains(&id)
        {
            ids.push(id);
            if ids.len() > MAX_SELECTED {
                break;
            }
        }
    }
    ids
}

/// Returns the fault of a selection that is empty or too large.
fn fault(ids: &[KeyId]) -> Option<FormErrors> {
    match ids.len() {
        0 => Some(FormErrors::of_whole("Select at least one key in the list.")),
        1..=MAX_SELECTED => None,
        _ => Some(FormErrors::of_whole(format!("Select at most {MAX_SELECTED} keys at once."))),
    }
}

async fn rows<P: MemberPermission>(app: &App, who: &PageSession<P>, frame: &Frame, ids: &[KeyId]) -> Result<Vec<Row>, ApiError> {
    let (db, at) = (app.db.read(), &frame.at);
    let mut found = store::find_all(db, who.workspace(), ids).await?;
    found.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    let since = at.now().before(std::time::Duration::from_hours(24));
    let found = service::read_details(db, found, Include::LastUseAndHours { since: since.hour() }).await?;
    let row = |KeyDetails { key, last_use, custodian, hours, .. }: KeyDetails| {
        let allowed: u64 = hours.iter().map(|hour| hour.allowed).sum();
        Row {
            status: labels::status(&key, at),
            last_use: last_use.map(|last| (last.at, last.ip)),
            day: requests(allowed.cast_signed()),
            custodian,
            key,
        }
    };
    Ok(found.into_iter().map(row).collect())
}

async fn confirm(who: PageSession<ManageKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let Some(change) = Change::read(&fields) else {
        return Ok(Redirect::to(&ListQuery::read(&fields).link()).into_response());
    };
    let ids = selected(&fields);
    let faults = fault(&ids).unwrap_or_default();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    show(&app, &who, change, &fields, (status, faults)).await
}

async fn show<P: MemberPermission>(
    app: &App,
    who: &PageSession<P>,
    change: Change,
    fields: &Fields,
    (status, faults): (StatusCode, FormErrors),
) -> Result<Response, ApiError> {
    let ids = if fault(&selected(fields)).is_some() { Vec::new() } else { selected(fields) };
    let title = match change {
        Change::Revoke => "Revoke the selected keys?",
        Change::Pause => "Pause the selected keys?",
        Change::Assign => "Assign a custodian",
    };
    let frame = who.frame(app, title, MenuEntry::ApiKeys);
    let now = frame.at.now();
    let is_concerned = |row: &Row| match change {
        Change::Revoke => row.key.revoked_at.is_none(),
        Change::Pause | Change::Assign => row.key.status(now).is_live(),
    };
    let (rows, others): (Vec<Row>, Vec<Row>) = rows(app, who, &frame, &ids).await?.into_iter().partition(is_concerned);
    let list = ListQuery::read(fields);
    let chosen = fields.read("custodian").unwrap_or(who.member().id);
    let page = BulkPage {
        count: plural(rows.len() as u64, "key"),
        kept: list.fields().pairs().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
        back: list.link(),
        custodians: Custodians::read(app.db.read(), who.workspace(), Some(chosen)).await?,
        reason: fields.verbatim("reason").to_owned(),
        offers: &OFFERS,
        paused: already_paused(&rows, now),
        length: offer(fields).unwrap_or(&OFFERS[0]).value,
        frame,
        change,
        rows,
        others,
        faults,
    };
    Ok(html_with(status, &page))
}

fn already_paused(rows: &[Row], now: Time) -> Option<String> {
    let paused = rows.iter().filter(|row| row.key.current_pause(now).is_some()).count();
    let verb = if paused == 1 { "is" } else { "are" };
    (paused > 0).then(|| {
        format!(
            "{} {verb} paused already. A pause that would end later than this one stays as it is.",
            plural(paused as u64, "key")
        )
    })
}

async fn revoke(who: PageSession<RevokeKeys>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let ids = selected(&fields);
    if let Some(faults) = fault(&ids) {
        return show(&app, &who, Change::Revoke, &fields, (StatusCode::BAD_REQUEST, faults)).await;
    }
    // A browser sends a line break as two characters; a person counts one.
    let reason: Reason = match fields.text("reason").replace("\r\n", "\n").parse() {
        Ok(reason) => reason,
        Err(fault) => {
            let faults = FormErrors::of_field("reason", sentence(fault));
            return show(&app, &who, Change::Revoke, &fields, (StatusCode::BAD_REQUEST, faults)).await;
        }
    };
    service::revoke_many(&app.keys, who.workspace(), who.audit_context(&app), &ids, Some(reason)).await?;
    Ok(to_result(Change::Revoke, &fields, &ids))
}

async fn pause(who: PageSession<PauseKeys>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let ids = selected(&fields);
    let refused = match (fault(&ids), offer(&fields)) {
        (Some(faults), _) => (StatusCode::BAD_REQUEST, faults),
        (None, None) => (StatusCode::BAD_REQUEST, FormErrors::of_field("length", "Choose how long the keys are paused.")),
        (None, Some(Offer { minutes, .. })) => {
            let (context, input) = (who.audit_context(&app), PauseKey { minutes: *minutes });
            match service::pause_many(&app.keys, who.workspace(), context, &ids, input).await {
                Ok(_) => return Ok(to_result(Change::Pause, &fields, &ids)),
                Err(error @ (Error::OlderNodes | Error::PauseNotHeld)) => {
                    (StatusCode::CONFLICT, FormErrors::of_whole(sentence(&error)))
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    show(&app, &who, Change::Pause, &fields, refused).await
}

async fn assign(who: PageSession<ManageKeys>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let ids = selected(&fields);
    let refused = match (fault(&ids), fields.read("custodian")) {
        (Some(faults), _) => faults,
        (None, None) => custodian::fault(),
        (None, Some(custodian)) => {
            let context = who.audit_context(&app);
            match service::assign_custodian(&app.keys, who.workspace(), context, &ids, custodian).await {
                Ok(_) => return Ok(to_result(Change::Assign, &fields, &ids)),
                Err(Error::Custodian) => custodian::fault(),
                Err(error) => return Err(error.into()),
            }
        }
    };
    show(&app, &who, Change::Assign, &fields, (StatusCode::BAD_REQUEST, refused)).await
}

/// Redirects to the page that shows the keys as they are after the change.
fn to_result(change: Change, fields: &Fields, ids: &[KeyId]) -> Response {
    let list = ListQuery::read(fields).fields().with("action", change.as_str());
    let keys: Vec<_> = ids.iter().map(|id| format!("&key={id}")).collect();
    Redirect::to(&format!("{RESULT}{}{}", list.to_query(), keys.concat())).into_response()
}

/// Shows what the database says of the keys: a link may have any of them.
async fn result(who: PageSession<ManageKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let (ids, back) = (selected(&fields), ListQuery::read(&fields).link());
    let Some(change) = Change::read(&fields).filter(|_| fault(&ids).is_none()) else {
        return Ok(Redirect::to(&back).into_response());
    };
    let frame = who.frame(&app, "Selected API keys", MenuEntry::ApiKeys);
    let rows = rows(&app, &who, &frame, &ids).await?;
    let selected = plural(rows.len() as u64, "selected key");
    let summary = match change {
        Change::Revoke => {
            let revoked = rows.iter().filter(|row| row.key.revoked_at.is_some()).count();
            if revoked == rows.len() {
                format!("{selected} revoked. Every request with them is refused.")
            } else {
                format!("{revoked} of {selected} revoked.")
            }
        }
        Change::Pause => {
            let paused = rows.iter().filter(|row| row.key.current_pause(frame.at.now()).is_some()).count();
            format!("{paused} of {selected} paused. Every request with a paused key is refused.")
        }
        Change::Assign => format!("The custodians of {selected}, as they are now."),
    };
    Ok(html_with(StatusCode::OK, &ResultPage { frame, change, rows, summary, back }))
}
