//! The form of a person's own name.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::AccountPage;
use super::redirects::{back, moved};
use crate::access::{Form, PageSession, SignedIn};
use crate::app::App;
use crate::members;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{FormErrors, html_with};
use kit::text::sentence;

const PATH: &str = "/account/name";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of the own name", moved), form(PATH, "Change the own name", rename)]
}

async fn rename(who: PageSession<SignedIn>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let mut faults = FormErrors::default();
    let Some(name) = faults.read(&fields, "name", "your name") else {
        let page = AccountPage { name: fields.verbatim("name").to_owned(), ..AccountPage::new(&app, &who, faults).await? };
        return Ok(html_with(StatusCode::BAD_REQUEST, &page));
    };
    match members::rename(&app, who.member(), name, who.audit_context(&app)).await {
        Ok(_) => Ok(back("name")),
        Err(error @ members::Error::NameTaken) => {
            let faults = FormErrors::of_field("name", sentence(&error));
            let page = AccountPage { name: fields.verbatim("name").to_owned(), ..AccountPage::new(&app, &who, faults).await? };
            Ok(html_with(StatusCode::CONFLICT, &page))
        }
        Err(error) => Err(error.into()),
    }
}
