//! Shadow mode: its start and end by buttons of the key's page, and its result there.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::least_privilege::{SmallerSet, scopes_of};
use crate::access::{Form, ManageKeys, PageSession};
use crate::app::App;
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, Shadow, StartShadow};
use crate::keys::service::WouldRefuse;
use crate::keys::{service, store};
use crate::requests::AcceptedCall;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::route::form;
use kit::http::{ApiError, Path, Route};
use kit::page::number::grouped;
use kit::page::{Moment, Moments};

/// Calls of a scope that the page names.
const FEW: usize = 5;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        form("/settings/api-keys/{id}/shadow", "Start shadow mode of an API key", start),
        form("/settings/api-keys/{id}/shadow/end", "End shadow mode of an API key", end),
    ]
}

/// Shadow mode of a key and its result so far.
pub(super) struct ShadowSection {
    pub(super) is_running: bool,
    /// “3 of 7 days”
    pub(super) progress: String,
    pub(super) ends: Time,
    pub(super) started: Time,
    pub(super) started_by: String,
    pub(super) set: SmallerSet,
    pub(super) rows: Vec<RefusalRow>,
}

/// Requests that needed one scope and would have been refused.
pub(super) struct RefusalRow {
    pub(super) scope: &'static str,
    pub(super) count: String,
    pub(super) last: Moment,
    /// “POST /api/v1/ops/trips”
    pub(super) calls: Vec<String>,
    /// True if other calls are not named.
    pub(super) has_more: bool,
}

impl ShadowSection {
    /// Reads shadow mode of a key; `None` if it was not started.
    pub(super) async fn read(app: &App, key: &Key, at: &Moments) -> DbResult<Option<Self>> {
        let db = app.db.read();
        let Some(shadow) = store::find_shadow(db, key.workspace, key.id).await? else { return Ok(None) };
        let found = service::would_refuse(db, key.workspace, &shadow, at.now()).await?;
        Ok(Some(Self::new(shadow, found, at)))
    }

    fn new(shadow: Shadow, found: Vec<WouldRefuse>, at: &Moments) -> Self {
        let days = |time: Duration| time.as_secs() / (24 * 3_600);
        let passed = days(at.now().min(shadow.ends_at).since(shadow.started_at));
        Self {
            is_running: shadow.is_running(at.now()),
            progress: format!("{passed} of {} days", days(shadow.ends_at.since(shadow.started_at))),
            ends: shadow.ends_at,
            started: shadow.started_at,
            set: SmallerSet::new(shadow.scopes),
            started_by: shadow.started_by.name,
            rows: found.into_iter().map(|refused| row(refused, at)).collect(),
        }
    }
}

fn row(WouldRefuse { scope, count, last_at, calls }: WouldRefuse, at: &Moments) -> RefusalRow {
    let name = |call: &AcceptedCall| format!("{} {}", call.method, call.route.as_deref().unwrap_or("at an unknown address"));
    RefusalRow {
        scope: scope.as_str(),
        count: grouped(count),
        last: at.ago(last_at),
        calls: calls.iter().take(FEW).map(name).collect(),
        has_more: calls.len() > FEW,
    }
}

async fn start(
    who: PageSession<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let scopes = scopes_of(fields.text("scopes"));
    if scopes.is_empty() {
        return Err(ApiError::invalid_field("scopes", "Name at least one scope of the key."));
    }
    let input = StartShadow { permissions: None, scopes: Some(scopes) };
    match service::start_shadow(&app, who.workspace(), who.audit_context(&app), id, &input).await {
        Ok(_) => Ok(Redirect::to(&format!("/settings/api-keys/{id}#shadow")).into_response()),
        // Its page says that it is revoked or expired.
        Err(Error::NotActive(_)) => Ok(Redirect::to(&format!("/settings/api-keys/{id}")).into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn end(who: PageSession<ManageKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<Response, ApiError> {
    match service::end_shadow(&app, who.workspace(), who.audit_context(&app), id).await {
        // Ended meanwhile, in another tab or by somebody else.
        Ok(_) | Err(Error::NoShadow) => Ok(Redirect::to(&format!("/settings/api-keys/{id}#permissions")).into_response()),
        Err(error) => Err(error.into()),
    }
}
