//! "Forgot your password?": a page that sends a link to an email, and answers alike for every one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::{Form, OpenPage};
use crate::app::App;
use crate::audit::Actor;
use crate::auth::{self, RequestRefused};
use crate::mail;
use crate::members::Email;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Asked, FormErrors};
use kit::text::sentence;

const PATH: &str = "/forgot-password";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page that sends a link to reset a password", new), form(PATH, "Send a link to reset a password", create)]
}

#[derive(Template)]
#[template(path = "account/forgot.html")]
struct ForgotPage {
    title: &'static str,
    token: String,
    email: String,
    sends_mail: bool,
    /// The request was accepted, which says nothing about the email.
    is_asked: bool,
    faults: FormErrors,
}

impl ForgotPage {
    fn new(app: &App, open_page: &OpenPage, email: &str, faults: FormErrors) -> Self {
        let (token, sends_mail) = (open_page.csrf_token(), mail::is_on(app));
        Self { title: "Reset your password", token, email: email.to_owned(), sends_mail, is_asked: false, faults }
    }
}

async fn new(open_page: OpenPage, State(app): State<App>, Asked(fields): Asked) -> Response {
    open_page.show(StatusCode::OK, &ForgotPage::new(&app, &open_page, fields.text("email"), FormErrors::default()))
}

async fn create(open_page: OpenPage, State(app): State<App>, Form { fields, .. }: Form) -> Response {
    let typed = fields.text("email");
    if !mail::is_on(&app) {
        return open_page.show(StatusCode::CONFLICT, &ForgotPage::new(&app, &open_page, typed, FormErrors::default()));
    }
    let email = match Email::parse_known(typed) {
        Ok(email) => email,
        Err(message) => {
            let faults = FormErrors::of_field("email", sentence(message));
            return open_page.show(StatusCode::BAD_REQUEST, &ForgotPage::new(&app, &open_page, typed, faults));
        }
    };
    let request = match app.reset_requests.admit(open_page.request().client_ip(), app.clock.ticks()) {
        Ok(request) => request,
        Err(refused) => return refuse(&app, &open_page, typed, refused),
    };
    let page = ForgotPage { is_asked: true, ..ForgotPage::new(&app, &open_page, email.as_str(), FormErrors::default()) };
    let context = open_page.request().audit_context(Actor::ANONYMOUS);
    // The response waits for nothing that depends on the email.
    tokio::spawn(async move {
        if let Err(error) = auth::send_reset_links(&app, request, &email, || context.clone()).await {
            tracing::warn!(%error, "a link to reset a password could not be sent");
        }
    });
    open_page.show(StatusCode::OK, &page)
}

fn refuse(app: &App, open_page: &OpenPage, email: &str, refused: RequestRefused) -> Response {
    let error = match refused {
        RequestRefused::Limited(limited) => {
            let message = format!("Too many requests from your network. Try again in {} seconds.", limited.seconds());
            ApiError::too_soon(message, limited)
        }
        RequestRefused::Busy => ApiError::overloaded("Too many requests at the moment. Try again in a few seconds."),
    };
    let faults = FormErrors::of_whole(error.message.clone());
    error.with_retry_after(open_page.show(error.status, &ForgotPage::new(app, open_page, email, faults)))
}
