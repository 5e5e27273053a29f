//! The page of the visitor's own account.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{PageSession, SignedIn};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::members::Member;
use kit::http::Routes;
use kit::http::route::page;
use kit::page::{Asked, html};

pub fn routes() -> Routes<App> {
    Routes::new("Sessions", [page("/settings/account", "Your account", account)])
}

#[derive(Template)]
#[template(path = "sessions/account.html")]
struct AccountPage {
    frame: Frame,
    member: Member,
    has_new_role: bool,
}

async fn account(who: PageSession<SignedIn>, State(app): State<App>, Asked(fields): Asked) -> Response {
    let (member, has_new_role) = (who.member().clone(), fields.is("after", "role"));
    html(&AccountPage { frame: who.frame(&app, "Your account", MenuEntry::Account), member, has_new_role })
}
