//! The form that signs everyone out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::settings::{PATH, SecurityPage};
use crate::access::{Form, PageSession, SignOutEveryone, ViewSecurity};
use crate::app::App;
use crate::auth;
use crate::security::sign_out::sign_out_everyone;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{FormErrors, html_with};

const SIGN_OUT: &str = "/settings/security/sign-out-everyone";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(SIGN_OUT, "Form that signs everyone out, when it is opened", moved), form(SIGN_OUT, "Sign out everyone", sign_out)]
}

async fn moved(_: PageSession<ViewSecurity>) -> Response {
    Redirect::to(PATH).into_response()
}

async fn sign_out(
    who: PageSession<SignOutEveryone>,
    State(app): State<App>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    if fields.text("confirmation") != who.workspace_slug() {
        let message = format!("Type the short name of the workspace, {}, to confirm.", who.workspace_slug());
        let page = SecurityPage::new(&app, &who, None).await?.with_sign_out_faults(FormErrors::of_field("confirmation", message));
        return Ok(html_with(StatusCode::BAD_REQUEST, &page));
    }
    let revoke_keys = fields.has("revoke_api_keys");
    sign_out_everyone(&app.keys, who.workspace(), who.audit_context(&app), revoke_keys).await?;
    Ok(auth::redirect_signed_out(&app, if revoke_keys { "everyone-and-keys" } else { "everyone" }))
}
