//! The one page that shows the link of an invitation: the answer to the form that made it, and never again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::access::{ManageMembers, PageSession};
use crate::app::App;
use crate::frame::{Frame, Place};
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
    /// Where a reload leads.
    afterwards: String,
}

/// 201 with the link; or, for a form that is sent again, to the list, which says so. A reload must not end a link that
/// may be on its way to somebody: unlike a call, a page asks before it makes another.
pub(super) fn show_once(app: &App, who: &PageSession<ManageMembers>, invitation: &Invitation) -> Response {
    match invitation {
        Invitation::Made(invited) => {
            let frame = who.frame(app, format!("Invitation for {}", invited.member.name), Place::Members);
            let page = LinkPage { frame, invited, url: invited.url(app), afterwards: afterwards(invited.member.id) };
            html_with(StatusCode::CREATED, &page)
        }
        Invitation::Repeated(id) => Redirect::to(&afterwards(*id)).into_response(),
    }
}

fn afterwards(id: MemberId) -> String {
    format!("/settings/members?invited={id}")
}
