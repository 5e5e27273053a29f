//! The form of another signing secret.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::endpoint::{find, manager};
use super::{fields as shared, secret};
use crate::access::{Caller, Form, ManageWebhooks, PageSession, Permission, ReplaceWebhookSecrets};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::error::Error;
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::service;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/webhooks/{id}/rotate-secret";

/// The choices of the time for which the old secret signs as well, in hours.
const OVERLAPS: [(u16, &str); 5] =
    [(0, "Not at all: it leaked"), (1, "1 hour"), (24, "24 hours"), (72, "3 days"), (168, "7 days")];

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of another signing secret", ask), form(PATH, "Rotate a signing secret", rotate)]
}

#[derive(Template)]
#[template(path = "webhooks/rotate.html")]
struct RotatePage {
    frame: Frame,
    endpoint: Endpoint,
    fields: Fields,
    faults: FormErrors,
}

impl RotatePage {
    /// Lists the choices of the overlap: value, text, and whether it is chosen.
    fn overlaps(&self) -> Vec<(u16, &'static str, bool)> {
        let chosen = self.fields.read("overlap_hours").unwrap_or(24);
        OVERLAPS.into_iter().map(|(hours, text)| (hours, text, hours == chosen)).collect()
    }
}

async fn ask(who: PageSession<ManageWebhooks>, State(app): State<App>, Path(id): Path<EndpointId>) -> Result<Response, ApiError> {
    let fields = Fields::from([("secret", "generated")]);
    show(&app, &who, id, (StatusCode::OK, FormErrors::default()), fields).await
}

async fn show<P: Permission<Caller = Caller>>(
    app: &App,
    who: &PageSession<P>,
    id: EndpointId,
    (status, faults): (StatusCode, FormErrors),
    fields: Fields,
) -> Result<Response, ApiError> {
    let endpoint = find(app, who, id).await?;
    let frame = who.frame(app, "Rotate secret", MenuEntry::Webhooks);
    Ok(html_with(status, &RotatePage { frame, endpoint, fields, faults }))
}

async fn rotate(
    who: PageSession<ReplaceWebhookSecrets>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let input = match shared::read_rotation(&fields) {
        Ok(input) => input,
        Err(faults) => return show(&app, &who, id, (StatusCode::BAD_REQUEST, faults), fields).await,
    };
    match service::rotate_secret(&app, manager(&app, &who), id, input).await {
        Ok(new) => Ok(secret::show_once(who.frame(&app, "Secret rotated", MenuEntry::Webhooks), &new)),
        Err(error @ Error::FormerSecrets) => {
            let faults = FormErrors::of_field("overlap_hours", sentence(error));
            show(&app, &who, id, (StatusCode::CONFLICT, faults), fields).await
        }
        Err(error @ Error::SecretKeyMissing(_)) => {
            let faults = FormErrors::of_whole(sentence(error));
            show(&app, &who, id, (StatusCode::CONFLICT, faults), fields).await
        }
        Err(error) => Err(error.into()),
    }
}
