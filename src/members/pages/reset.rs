//! The buttons that reset a member's password or second factors, and the page that shows the link or the code once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::acting::acting;
use crate::access::{Form, PageSession, ResetMembers};
use crate::app::App;
use crate::auth::ResetOf;
use crate::frame::{Frame, MenuEntry};
use crate::members::{Member, MemberId};
use kit::clock::Time;
use kit::http::route::form;
use kit::http::{ApiError, Path, Route};
use kit::page::html_with;
use kit::page::number::plural;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        form("/settings/members/{id}/reset-password", "Reset the password of the member", reset_password),
        form("/settings/members/{id}/reset-two-factor", "Reset the second factors of the member", reset_two_factor),
    ]
}

// No Debug: it carries a secret.
#[derive(Template)]
#[template(path = "members/reset.html")]
struct ResetPage {
    frame: Frame,
    member: Member,
    /// The link or the code.
    secret: String,
    until: Time,
    is_link: bool,
    /// The sessions that ended, in words.
    ended: String,
}

fn reset_of(who: &PageSession<ResetMembers>, id: MemberId) -> ResetOf {
    ResetOf { workspace: who.workspace(), member: id, caller: who.member().id, role: acting(who) }
}

async fn reset_password(
    who: PageSession<ResetMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    _: Form,
) -> Result<Response, ApiError> {
    let (member, link) = reset_of(&who, id).password(&app, who.audit_context(&app)).await?;
    let frame = who.frame(&app, format!("Reset link for {}", member.name), MenuEntry::Members);
    let (secret, ended) = (link.url(&app.config.public_url), plural(link.ended, "session"));
    let page = ResetPage { frame, member, secret, until: link.until, is_link: true, ended };
    Ok(html_with(StatusCode::CREATED, &page))
}

async fn reset_two_factor(
    who: PageSession<ResetMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    _: Form,
) -> Result<Response, ApiError> {
    let done = reset_of(&who, id).two_factor(&app, who.audit_context(&app)).await?;
    let frame = who.frame(&app, format!("Reset code for {}", done.member.name), MenuEntry::Members);
    let (secret, ended) = (done.code.expose(), plural(done.ended, "session"));
    let page = ResetPage { frame, member: done.member, secret, until: done.until, is_link: false, ended };
    Ok(html_with(StatusCode::CREATED, &page))
}
