//! Removing a member: a page that explains the consequences and asks for confirmation.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::acting::acting;
use super::show;
use crate::access::{Form, PageSession, RemoveMembers};
use crate::app::App;
use crate::auth;
use crate::frame::{Frame, MenuEntry};
use crate::keys::{self, Key};
use crate::members::{Error, Member, MemberId, service};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::html_with;
use kit::page::number::plural;

/// Keys that are listed.
const MAX_KEYS: usize = 50;

const PATH: &str = "/settings/members/{id}/remove";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page that asks before a member is removed", ask), form(PATH, "Remove the member", remove)]
}

#[derive(Template)]
#[template(path = "members/remove.html")]
struct RemovePage {
    frame: Frame,
    member: Member,
    is_self: bool,
    /// Members whose open invitations end.
    invited: Vec<Member>,
    invitations: String,
    /// Active keys whose secret this member has seen.
    keys: Vec<Key>,
    /// The number of these keys, in words.
    seen: String,
    /// The reason why the member cannot be removed.
    hindrance: Option<String>,
}

impl RemovePage {
    async fn new(app: &App, who: &PageSession<RemoveMembers>, id: MemberId) -> Result<Self, ApiError> {
        let member = show::find(app, who, id).await?;
        let is_self = is_self(who, id);
        let title = if is_self { "Remove yourself?".to_owned() } else { format!("Remove {}?", member.name) };
        let hindrance = show::hindrance(app, who, &member).await?;
        let now = app.clock.now();
        let invited = service::ending_invitations(app.db.read(), &member, None, now).await?;
        let invitations = plural(invited.len() as u64, "open invitation");
        let mut keys = keys::seen_by(app.db.read(), who.workspace(), &id.to_string(), now, MAX_KEYS as u64 + 1).await?;
        let more = if keys.len() > MAX_KEYS { "more than " } else { "" };
        keys.truncate(MAX_KEYS);
        let seen = format!("{more}{}", plural(keys.len() as u64, "active key"));
        let frame = who.frame(app, title, MenuEntry::Members);
        Ok(Self { frame, member, is_self, invited, invitations, keys, seen, hindrance })
    }
}

fn is_self(who: &PageSession<RemoveMembers>, id: MemberId) -> bool {
    who.member().id == id
}

async fn ask(who: PageSession<RemoveMembers>, State(app): State<App>, Path(id): Path<MemberId>) -> Result<Response, ApiError> {
    Ok(html_with(StatusCode::OK, &RemovePage::new(&app, &who, id).await?))
}

async fn remove(
    who: PageSession<RemoveMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    _: Form,
) -> Result<Response, ApiError> {
    match service::remove(&app, who.workspace(), who.audit_context(&app), acting(&who), id).await {
        Ok(_) if is_self(&who, id) => Ok(auth::redirect_signed_out(&app, "removal")),
        // Not found: the form was sent twice.
        Ok(_) | Err(Error::NotFound) => Ok(Redirect::to(&format!("/settings/members?removed={id}")).into_response()),
        Err(error @ (Error::LastOwner | Error::OwnerRequired)) => {
            let status = ApiError::from(error).status;
            Ok(html_with(status, &RemovePage::new(&app, &who, id).await?))
        }
        Err(error) => Err(error.into()),
    }
}
