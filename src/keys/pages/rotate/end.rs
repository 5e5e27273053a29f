//! The planned end of a rotation: its choice, and the form that changes or cancels it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Prefilled, show};
use crate::access::{Form, PageSession, RevokeKeys};
use crate::app::App;
use crate::keys::error::Error;
use crate::keys::model::{KeyId, RevokeAfter, RevokeAt};
use crate::keys::service;
use kit::http::{ApiError, Path};
use kit::page::{Fields, FormErrors};
use kit::text::sentence;

/// The end that the form of a change proposes.
const PROPOSED: &str = "7d";

/// The offered times until the old key is revoked.
const OFFERS: [(&str, &str); 6] = [
    ("1h", "In 1 hour"),
    ("1d", "In 1 day"),
    ("3d", "In 3 days"),
    ("7d", "In 7 days"),
    ("14d", "In 14 days"),
    ("30d", "In 30 days"),
];

/// A time until the old key is revoked.
pub(super) struct EndChoice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) is_chosen: bool,
}

/// Returns the offered ends. None is chosen unless the fields name one.
pub(super) fn choices(fields: &Fields) -> Vec<EndChoice> {
    let choice = |(value, text)| EndChoice { value, text, is_chosen: fields.is("revoke_old_after", value) };
    OFFERS.into_iter().map(choice).collect()
}

/// Returns the offered ends, with one chosen.
pub(super) fn proposed() -> Vec<EndChoice> {
    choices(&Fields::default().with("revoke_old_after", PROPOSED))
}

/// Reads the chosen end; `None` for no end.
pub(super) fn read(fields: &Fields, faults: &mut FormErrors) -> Option<RevokeAfter> {
    let chosen = fields.given("revoke_old_after")?.parse();
    chosen.map_err(|_| faults.add("revoke_old_after", "Choose when the old key is revoked.")).ok()
}

/// Returns true if the old key is to be revoked even if it is in use.
pub(super) fn is_forced(fields: &Fields) -> bool {
    fields.is("force", "true")
}

/// Changes or cancels the end, and shows the page of the rotation again.
pub(super) async fn change(
    who: PageSession<RevokeKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let mut faults = FormErrors::default();
    let at = match read(&fields, &mut faults) {
        _ if fields.is("cancel", "true") => None,
        Some(after) => Some(app.clock.now().after(after.duration())),
        None => {
            let faults = FormErrors::of_whole("Choose when the old key is revoked.");
            return show(&app, &who, id, Prefilled::Proposed(""), StatusCode::BAD_REQUEST, faults).await;
        }
    };
    let input = RevokeAt { at, force: Some(is_forced(&fields)) };
    match service::set_revoke_at(&app.keys, who.workspace(), who.audit_context(&app), id, input).await {
        Ok(_) => Ok(Redirect::to(&format!("/settings/api-keys/{id}/rotate?end=saved#end")).into_response()),
        Err(error @ (Error::NotActive(_) | Error::NotRotated | Error::NoSuccessor)) => {
            let faults = FormErrors::of_whole(sentence(&error));
            show(&app, &who, id, Prefilled::Proposed(""), ApiError::from(error).status, faults).await
        }
        Err(error) => Err(error.into()),
    }
}
