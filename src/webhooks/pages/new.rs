//! The form of a new endpoint.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::endpoint::{manager, path_of};
use super::{events, fields as shared, secret, times};
use crate::access::{Caller, Form, ManageWebhooks, PageSession, Permission, ReplaceWebhookSecrets};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::error::Error;
use crate::webhooks::service;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Fields, FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/webhooks/new";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of a new webhook", new), form(PATH, "Create the webhook of the form", create)]
}

#[derive(Template)]
#[template(path = "webhooks/new.html")]
struct NewPage {
    frame: Frame,
    fields: Fields,
    faults: FormErrors,
    idempotency_key: String,
    groups: Vec<events::Group>,
    /// The standard schedule in words.
    attempts: String,
}

impl NewPage {
    fn new<P: Permission<Caller = Caller>>(app: &App, who: &PageSession<P>, fields: Fields, faults: FormErrors) -> Self {
        Self {
            frame: who.frame(app, "New Webhook", MenuEntry::Webhooks),
            // One form creates one webhook, however often it is corrected and sent.
            idempotency_key: fields.given("idempotency_key").map_or_else(|| app.random.base62(22), str::to_owned),
            groups: events::groups(&fields),
            attempts: times::attempts(&app.config.webhooks.schedule),
            fields,
            faults,
        }
    }
}

async fn new(who: PageSession<ManageWebhooks>, State(app): State<App>) -> Response {
    html_with(StatusCode::OK, &NewPage::new(&app, &who, shared::defaults(), FormErrors::default()))
}

async fn create(who: PageSession<ReplaceWebhookSecrets>, State(app): State<App>, form: Form) -> Result<Response, ApiError> {
    let again = |status, faults| Ok(html_with(status, &NewPage::new(&app, &who, form.fields.clone(), faults)));
    let input = match shared::read_new(&form.fields) {
        Ok(input) => input,
        Err(faults) => return again(StatusCode::BAD_REQUEST, faults),
    };
    match service::create(&app, manager(&app, &who), input, form.idempotency_key()).await {
        Ok(new) => Ok(secret::show_once(who.frame(&app, "Webhook created", MenuEntry::Webhooks), &new)),
        Err(Error::AlreadyCreated(id)) => Ok(Redirect::to(&format!("{}?after=already", path_of(id))).into_response()),
        Err(error @ Error::Url(_)) => again(StatusCode::BAD_REQUEST, FormErrors::of_field("url", sentence(error))),
        Err(error @ (Error::Quota | Error::SecretKeyMissing(_))) => {
            again(StatusCode::CONFLICT, FormErrors::of_whole(sentence(error)))
        }
        Err(error) => Err(error.into()),
    }
}
