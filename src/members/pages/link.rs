//! The one page that shows the link of an invitation: the response to the form that made it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::access::{ManageMembers, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::members::MemberId;
use crate::members::invitations::{Invitation, Invited};
use kit::page::html_with;

// No Debug: it carries a secret.
#[derive(Template)]
#[template(path = "members/link.html")]
struct LinkPage<'a> {
    frame: Frame,
    invited: &'a Invited,
    url: String,
    /// The page that a reload leads to.
    afterwards: String,
}

/// Responds with 201 and the link, or with a redirect to the list if the form was sent again. A reload must not end a link that
/// may already have been handed over: unlike a call, a page asks before it makes another one.
pub(super) fn show_once(app: &App, who: &PageSession<ManageMembers>, invitation: &Invitation) -> Response {
    match invitation {
        Invitation::Made(invited) => {
            let frame = who.frame(app, format!("Invitation for {}", invited.member.name), MenuEntry::Members);
            let page = LinkPage { frame, invited, url: invited.url(&app.config), afterwards: afterwards(invited.member.id) };
            html_with(StatusCode::CREATED, &page)
        }
        Invitation::Repeated(id) => Redirect::to(&afterwards(*id)).into_response(),
    }
}

fn afterwards(id: MemberId) -> String {
    format!("/settings/members?invited={id}")
}
