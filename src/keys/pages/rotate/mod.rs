//! Rotation, step by step: create the replacement, put it into the application, confirm that it works, revoke the old key.
//! The page derives the current step from the uses of both keys.
//!
//! - here the handlers; `form` the form of the replacement; `end` the planned revocation of the old key; `takeover` the uses of both keys

mod end;
mod form;
mod takeover;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use self::end::EndChoice;
use self::form::Replacement;
use self::takeover::Takeover;
use super::labels::{self, Badge};
use super::least_privilege::{self, GrantedAndUsed};
use super::{disabled, secret};
use crate::access::{CreateKeys, Form, ManageKeys, MemberPermission, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Handover, Key, KeyId, Status};
use crate::keys::{policy, service, store};
use crate::scopes::Scopes;
use crate::workspaces;
use kit::db::DbResult;
use kit::http::route::{form as form_route, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Asked, Fields, FormErrors, Moments, html_with};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/api-keys/{id}/rotate", "Page to rotate an API key", guide),
        form_route("/settings/api-keys/{id}/rotate", "Rotate an API key", create),
        form_route("/settings/api-keys/{id}/revoke-at", "Set when a rotated API key is revoked", end::change),
    ]
}

#[derive(Template)]
#[template(path = "keys/rotate.html")]
struct RotatePage {
    frame: Frame,
    old: Key,
    status: Badge,
    is_live: bool,
    /// True if the old key is paused, so that the application waits for the new one.
    is_paused: bool,
    /// The form of step 1; `None` if no replacement can be created.
    form: Option<Replacement>,
    /// The permissions of the old key, granted and used; there if the form is.
    least: Option<GrantedAndUsed>,
    /// The existing replacement and its progress.
    takeover: Option<Takeover>,
    /// The permissions of the replacement, if they are not those of the old key.
    narrowed: Option<String>,
    /// The choices of the form that changes the planned end.
    ends: Vec<EndChoice>,
    /// The latest replacement of a key that cannot be rotated.
    successor: Option<Key>,
    faults: FormErrors,
}

impl RotatePage {
    /// Returns the current step, from 1.
    fn step(&self) -> u8 {
        match self.takeover.as_ref().map(|takeover| takeover.handover) {
            None => 1,
            Some(Handover::NotStarted) => 2,
            Some(Handover::InProgress) => 3,
            Some(Handover::Complete) => 4,
        }
    }
}

/// The fields of the form as it is shown.
enum Prefilled<'a> {
    /// The defaults, with the scopes that a link names: `used` for those that the old key used.
    Proposed(&'a str),
    /// The fields of a refused form.
    Typed(&'a Fields),
}

async fn guide(
    who: PageSession<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    show(&app, &who, id, Prefilled::Proposed(asked.text("scopes")), StatusCode::OK, FormErrors::default()).await
}

/// Returns the scopes that a link proposes for the replacement, of those that the old key has.
async fn proposed_scopes(app: &App, old: &Key, asked: &str, at: &Moments) -> DbResult<Option<Scopes>> {
    if asked == "used" {
        // If all were used in that time, the choice begins with all.
        return Ok(Some(least_privilege::smaller_set_of(app, old, at).await?.unwrap_or(old.scopes)));
    }
    let scopes = least_privilege::scopes_of(asked).into_iter().filter(|scope| old.scopes.cover(*scope));
    Ok(Some(scopes.collect::<Scopes>()).filter(|scopes| !scopes.is_empty()))
}

async fn show<P: MemberPermission>(
    app: &App,
    who: &PageSession<P>,
    id: KeyId,
    prefilled: Prefilled<'_>,
    status: StatusCode,
    faults: FormErrors,
) -> Result<Response, ApiError> {
    let (db, workspace) = (app.db.read(), who.workspace());
    let old = store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(app, format!("Rotate “{}”", old.name), MenuEntry::ApiKeys);
    let now = frame.at.now();
    let (is_live, is_paused) = (old.status(now).is_live(), old.status(now) == Status::Paused);
    let is_enabled = workspaces::api_keys_enabled(app.db.read(), who.workspace()).await?;
    let live_successor = store::find_live_successor(db, workspace, id, now).await?;
    let takeover = match live_successor.clone().filter(|_| is_live) {
        Some(new) => Some(Takeover::read(app, &old, new, &frame.at).await?),
        None => None,
    };
    if is_live && !is_enabled && takeover.is_none() {
        return disabled::show(app, who).await;
    }
    let policy = policy::policy_of(db, workspace).await?;
    let form = match prefilled {
        _ if !(is_live && is_enabled) => None,
        Prefilled::Typed(typed) => Some(Replacement::typed(typed, &old, &policy, &frame.at)),
        Prefilled::Proposed(asked) => {
            let name = service::successor_name(db, workspace, &old.name, now).await?;
            let smaller = proposed_scopes(app, &old, asked, &frame.at).await?;
            Some(Replacement::proposed(&name, app.random.base62(22), (&old, smaller), &policy, &frame.at))
        }
    };
    let least = match &form {
        Some(_) => Some(GrantedAndUsed::read(app, &old, &frame.at).await?),
        None => None,
    };
    let successor = match (is_live, live_successor) {
        (false, Some(successor)) => Some(successor),
        (false, None) => match store::successors(db, workspace, vec![id]).await?.remove(&id) {
            Some(latest) => store::find(db, workspace, latest).await?,
            None => None,
        },
        (true, _) => None,
    };
    let status_badge = labels::status(&old, &frame.at);
    let is_narrower = |takeover: &&Takeover| takeover.new.scopes != old.scopes;
    let page = RotatePage {
        narrowed: takeover
            .as_ref()
            .filter(is_narrower)
            .map(|takeover| labels::permissions(takeover.new.permissions, takeover.new.scopes)),
        ends: end::proposed(),
        frame,
        status: status_badge,
        is_live,
        is_paused,
        form,
        least,
        takeover,
        successor,
        faults,
        old,
    };
    Ok(html_with(status, &page))
}

async fn create(
    who: PageSession<CreateKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    form: Form,
) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "API key created", MenuEntry::ApiKeys);
    let input = match form::read(&form.fields, &frame.at) {
        Ok(input) => input,
        Err(faults) => return show(&app, &who, id, Prefilled::Typed(&form.fields), StatusCode::BAD_REQUEST, faults).await,
    };
    match service::rotate(&app.keys, who.workspace(), who.audit_context(&app), id, input, form.idempotency_key()).await {
        Ok(new) => Ok(secret::show_once(&app, frame, &new, &format!("/settings/api-keys/{id}/rotate"))),
        Err(Error::AlreadyCreated(made)) => Ok(Redirect::to(&format!("/settings/api-keys/{made}?already=shown")).into_response()),
        Err(Error::Disabled) => disabled::show(&app, &who).await,
        // The page of a key that has ended says so instead of showing a form.
        Err(
            error @ (Error::NameTaken(_)
            | Error::NameAlike { .. }
            | Error::NotActive(_)
            | Error::Quota(_)
            | Error::Policy(_)
            | Error::Widened { .. }),
        ) => {
            let faults = form::refused(&error, &form.fields);
            show(&app, &who, id, Prefilled::Typed(&form.fields), ApiError::from(error).status, faults).await
        }
        Err(error) => Err(error.into()),
    }
}
