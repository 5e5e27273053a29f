//! The form that changes an endpoint: URL, description, events and schedule.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::endpoint::{find, manager, path_of};
use super::{events, fields as shared, times};
use crate::access::{Form, ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::error::Error;
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::service;
use kit::http::outbound::Lookup;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/webhooks/{id}/edit";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of a change of a webhook", edit), form(PATH, "Make the change of the form", update)]
}

#[derive(Template)]
#[template(path = "webhooks/edit.html")]
struct EditPage {
    frame: Frame,
    endpoint: Endpoint,
    fields: Fields,
    faults: FormErrors,
    groups: Vec<events::Group>,
    /// The standard schedule in words.
    attempts: String,
}

impl EditPage {
    fn new(app: &App, who: &PageSession<ManageWebhooks>, endpoint: Endpoint, fields: Fields, faults: FormErrors) -> Self {
        let frame = who.frame(app, "Edit Webhook", MenuEntry::Webhooks);
        let (groups, attempts) = (events::groups(&fields), times::attempts(&app.config.webhooks.schedule));
        Self { frame, endpoint, fields, faults, groups, attempts }
    }
}

async fn edit(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
) -> Result<Response, ApiError> {
    let endpoint = find(&app, &who, id).await?;
    let fields = shared::of(&endpoint);
    Ok(html_with(StatusCode::OK, &EditPage::new(&app, &who, endpoint, fields, FormErrors::default())))
}

async fn update(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let endpoint = find(&app, &who, id).await?;
    let again = |status, faults| Ok(html_with(status, &EditPage::new(&app, &who, endpoint.clone(), fields.clone(), faults)));
    let input = match shared::read_change(&fields) {
        Ok(input) => input,
        Err(faults) => return again(StatusCode::BAD_REQUEST, faults),
    };
    match service::update(&app, manager(&app, &who), id, input).await {
        Ok((endpoint, lookup)) => {
            let after = if matches!(lookup, Lookup::Found) { "updated" } else { "unresolved" };
            Ok(Redirect::to(&format!("{}?after={after}", path_of(endpoint.id))).into_response())
        }
        Err(error @ Error::Url(_)) => again(StatusCode::BAD_REQUEST, FormErrors::of_field("url", sentence(error))),
        Err(Error::RecentProofRequired) => Err(who.recent_proof_required(&app).await),
        Err(error) => Err(error.into()),
    }
}
