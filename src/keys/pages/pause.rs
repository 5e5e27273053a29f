//! The confirmation of a pause, with the choice of its end; and the button that ends it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::revoke::RecentUse;
use crate::access::{Form, PageSession, PauseKeys, ResumeKeys};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, PauseKey, Status};
use crate::keys::{service, store};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/api-keys/{id}/pause", "Page to pause an API key", confirm),
        form("/settings/api-keys/{id}/pause", "Pause an API key", pause),
        form("/settings/api-keys/{id}/resume", "Resume an API key", resume),
    ]
}

/// A length of a pause that the form offers.
pub(super) struct Offer {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) hint: &'static str,
    pub(super) minutes: Option<u32>,
}

/// The offered lengths; the first one is the default.
pub(super) const OFFERS: [Offer; 4] = [
    Offer { value: "5", text: "5 minutes", hint: "See at once who notices.", minutes: Some(5) },
    Offer { value: "60", text: "1 hour", hint: "Covers jobs that run every hour.", minutes: Some(60) },
    Offer { value: "1440", text: "1 day", hint: "Covers jobs that run every night.", minutes: Some(1_440) },
    Offer { value: "resumed", text: "Until resumed", hint: "Refused until an administrator resumes the key.", minutes: None },
];

#[derive(Template)]
#[template(path = "keys/pause.html")]
struct PausePage {
    frame: Frame,
    key: Key,
    status: Status,
    recent: RecentUse,
    offers: &'static [Offer],
    chosen: &'static str,
    faults: FormErrors,
}

async fn confirm(who: PageSession<PauseKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<Response, ApiError> {
    show(&app, &who, id, None, FormErrors::default()).await
}

/// Renders the page; `refused` has the status of a refused form, and what was chosen.
async fn show(
    app: &App,
    who: &PageSession<PauseKeys>,
    id: KeyId,
    refused: Option<(StatusCode, &Fields)>,
    faults: FormErrors,
) -> Result<Response, ApiError> {
    let key = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    let frame = who.frame(app, format!("Pause “{}”?", key.name), MenuEntry::ApiKeys);
    let status = key.status(frame.at.now());
    let recent = RecentUse::read(app, id, &frame.at).await?;
    let chosen = refused.and_then(|(_, fields)| offer(fields)).unwrap_or(&OFFERS[0]).value;
    let code = match refused {
        Some((code, _)) => code,
        None if status.is_live() => StatusCode::OK,
        None => StatusCode::CONFLICT,
    };
    Ok(html_with(code, &PausePage { frame, key, status, recent, offers: &OFFERS, chosen, faults }))
}

/// Returns the offer that the form has chosen.
pub(super) fn offer(fields: &Fields) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| fields.is("length", offer.value))
}

async fn pause(
    who: PageSession<PauseKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let Some(Offer { minutes, .. }) = offer(&fields) else {
        let faults = FormErrors::of_field("length", "Choose how long the key is paused.");
        return show(&app, &who, id, Some((StatusCode::BAD_REQUEST, &fields)), faults).await;
    };
    let input = PauseKey { minutes: *minutes };
    match service::pause(&app.keys, who.workspace(), who.audit_context(&app), id, input).await {
        Ok(_) => Ok(Redirect::to(&format!("/settings/api-keys/{id}?paused=1")).into_response()),
        // The page of a key that has ended says so instead of showing a form.
        Err(Error::NotActive(_)) => show(&app, &who, id, Some((StatusCode::CONFLICT, &fields)), FormErrors::default()).await,
        Err(error @ (Error::OlderNodes | Error::PauseNotHeld | Error::PausedLonger(_))) => {
            let faults = FormErrors::of_whole(sentence(&error));
            show(&app, &who, id, Some((StatusCode::CONFLICT, &fields)), faults).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn resume(who: PageSession<ResumeKeys>, State(app): State<App>, Path(id): Path<KeyId>) -> Result<Response, ApiError> {
    match service::resume(&app.keys, who.workspace(), who.audit_context(&app), id).await {
        Ok(_) => Ok(Redirect::to(&format!("/settings/api-keys/{id}?resumed=1")).into_response()),
        // Its page says that it is revoked or expired.
        Err(Error::NotActive(_)) => Ok(Redirect::to(&format!("/settings/api-keys/{id}")).into_response()),
        Err(error) => Err(error.into()),
    }
}
