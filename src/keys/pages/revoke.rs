//! The confirmation of a revocation, with the recent uses that would stop.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::traffic::{self, Span, requests};
use crate::access::{Form, PageSession, RevokeKeys};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, Reason, RevokeKey, Status};
use crate::keys::tables::last_use;
use crate::keys::{service, store, usage};
use kit::db::DbResult;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::number::grouped;
use kit::page::{FormErrors, Moments, html_with};
use kit::text::sentence;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/api-keys/{id}/revoke", "Page to revoke an API key", confirm),
        form("/settings/api-keys/{id}/revoke", "Revoke an API key", revoke),
    ]
}

#[derive(Template)]
#[template(path = "keys/revoke.html")]
struct RevokePage {
    frame: Frame,
    key: Key,
    status: Status,
    recent: RecentUse,
    successor: Option<Successor>,
    reason: String,
    faults: FormErrors,
}

/// The recent uses of the key, which would stop.
pub(super) struct RecentUse {
    pub(super) last: Option<last_use::Model>,
    /// “340 requests from 2 addresses”
    pub(super) day: String,
    /// The sentence for the last 7 days.
    pub(super) week: String,
}

/// The active key that replaces the revoked one.
struct Successor {
    key: Key,
    last: Option<last_use::Model>,
}

impl RecentUse {
    pub(super) async fn read(app: &App, key: KeyId, at: &Moments) -> DbResult<Self> {
        let lately = async |span: Span| -> DbResult<String> {
            let traffic = span.read(app, key, at).await?;
            let count = usage::count_addresses(app.db.read(), key, span.from(at)).await?;
            Ok(match traffic.report.total().allowed {
                0 => "None".to_owned(),
                allowed => format!("{} from {}", requests(allowed), self::addresses(count)),
            })
        };
        let (day, week) = (lately(Span::LAST_DAY).await?, lately(Span::LAST_WEEK).await?);
        Ok(Self { last: traffic::last_use(app, key).await?, day, week })
    }
}

/// Formats a number of addresses: “1 address”, “2 addresses”.
fn addresses(addresses: u64) -> String {
    if addresses == 1 { "1 address".to_owned() } else { format!("{} addresses", grouped(addresses)) }
}

async fn confirm(who: PageSession<RevokeKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<Response, ApiError> {
    show(&app, &who, id, StatusCode::OK, (String::new(), FormErrors::default())).await
}

async fn show(
    app: &App,
    who: &PageSession<RevokeKeys>,
    id: KeyId,
    status: StatusCode,
    (reason, faults): (String, FormErrors),
) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let key = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let is_revoked = key.revoked_at.is_some();
    let title = if is_revoked { format!("“{}” is revoked", key.name) } else { format!("Revoke “{}”?", key.name) };
    let frame = who.frame(app, title, MenuEntry::ApiKeys);
    let now = frame.at.now();
    let successor = match store::find_live_successor(db, workspace, id, now).await? {
        Some(key) => Some(Successor { last: traffic::last_use(app, key.id).await?, key }),
        None => None,
    };
    let recent = RecentUse::read(app, id, &frame.at).await?;
    Ok(html_with(status, &RevokePage { status: key.status(now), frame, key, recent, successor, reason, faults }))
}

async fn revoke(
    who: PageSession<RevokeKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    // A browser sends a line break as two characters; a person counts one.
    let typed = fields.text("reason").replace("\r\n", "\n");
    let reason: Reason = match typed.parse() {
        Ok(reason) => reason,
        Err(fault) => {
            let faults = FormErrors::of_field("reason", sentence(fault));
            return show(&app, &who, id, StatusCode::BAD_REQUEST, (typed, faults)).await;
        }
    };
    let key =
        service::revoke(&app.keys, who.workspace(), who.audit_context(&app), id, RevokeKey { reason: Some(reason) }).await?;
    Ok(Redirect::to(&format!("/settings/api-keys?revoked={}", key.id)).into_response())
}
