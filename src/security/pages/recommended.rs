//! The page between a sign-in and the page behind it, for members to whom their workspace recommends a second factor.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use crate::access::{PageSession, SignedIn};
use crate::app::App;
use crate::auth::safe_next;
use crate::frame::{Frame, MenuEntry};
use crate::security::FactorSetup;
use kit::http::Route;
use kit::http::route::page;
use kit::page::{Asked, Fields, html};

const PATH: &str = "/account/recommended";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Recommendation of a second factor", show)]
}

/// Returns the address of the page, which leads on to `next`.
pub fn address(next: &str) -> String {
    format!("{PATH}{}", Fields::default().with("next", next).to_query())
}

#[derive(Template)]
#[template(path = "security/recommended.html")]
struct RecommendedPage {
    frame: Frame,
    next: String,
}

async fn show(who: PageSession<SignedIn>, State(app): State<App>, Asked(fields): Asked) -> Response {
    let next = safe_next(&fields).to_owned();
    if who.session().factor_setup != FactorSetup::Recommended {
        return Redirect::to(&next).into_response();
    }
    let frame = who.frame(&app, "Protect your account", MenuEntry::Account);
    html(&RecommendedPage { frame, next })
}
