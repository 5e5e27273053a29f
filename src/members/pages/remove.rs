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
use crate::keys::{self, Custodians, Custody, Key};
use crate::members::{Error, Member, MemberId, service};
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::number::plural;
use kit::page::{FormErrors, html_with};

/// Keys that are listed.
const MAX_KEYS: usize = 50;

/// Keys in custody that are listed.
const MAX_IN_CUSTODY: u64 = 20;

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
    /// Keys for which no one is responsible after the removal, unless they are handed over.
    custody: Custody,
    /// The number of these keys, in words.
    in_custody: String,
    custodians: Custodians,
    faults: FormErrors,
}

impl RemovePage {
    async fn new(
        app: &App,
        who: &PageSession<RemoveMembers>,
        id: MemberId,
        (chosen, faults): (Option<MemberId>, FormErrors),
    ) -> Result<Self, ApiError> {
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
        let custody = keys::in_custody(app.db.read(), who.workspace(), id, now, MAX_IN_CUSTODY).await?;
        let in_custody = plural(custody.count, "key");
        let mut custodians = Custodians::read(app.db.read(), who.workspace(), chosen).await?;
        custodians.members.retain(|other| other.id != id);
        let frame = who.frame(app, title, MenuEntry::Members);
        Ok(Self { frame, member, is_self, invited, invitations, keys, seen, hindrance, custody, in_custody, custodians, faults })
    }
}

fn is_self(who: &PageSession<RemoveMembers>, id: MemberId) -> bool {
    who.member().id == id
}

async fn ask(who: PageSession<RemoveMembers>, State(app): State<App>, Path(id): Path<MemberId>) -> Result<Response, ApiError> {
    // The person who removes another one is offered as the custodian.
    let chosen = Some(who.member().id).filter(|own| *own != id);
    Ok(html_with(StatusCode::OK, &RemovePage::new(&app, &who, id, (chosen, FormErrors::default())).await?))
}

async fn remove(
    who: PageSession<RemoveMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let custodian: Option<MemberId> = fields.read("custodian");
    let again =
        async |status, faults| RemovePage::new(&app, &who, id, (custodian, faults)).await.map(|page| html_with(status, &page));
    let not_a_member = || FormErrors::of_field("custodian", "Choose another member who has joined the workspace.");
    if fields.given("custodian").is_some() && custodian.is_none() {
        return again(StatusCode::BAD_REQUEST, not_a_member()).await;
    }
    match service::remove(&app, who.workspace(), who.audit_context(&app), acting(&who), id, custodian).await {
        Ok(_) if is_self(&who, id) => Ok(auth::redirect_signed_out(&app, "removal")),
        // Not found: the form was sent twice.
        Ok(_) | Err(Error::NotFound) => Ok(Redirect::to(&format!("/settings/members?removed={id}")).into_response()),
        Err(error @ (Error::LastOwner | Error::OwnerRequired)) => {
            again(ApiError::from(error).status, FormErrors::default()).await
        }
        Err(Error::Custodian) => again(StatusCode::BAD_REQUEST, not_a_member()).await,
        Err(error) => Err(error.into()),
    }
}
