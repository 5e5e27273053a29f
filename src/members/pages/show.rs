//! One member: their role, and their invitation if they have not joined.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::acting::{acting, inviter};
use super::link;
use crate::access::{ChangeRoles, Form, ManageMembers, MemberPermission, PageSession, Permission, WorkspacePermission};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::members::service::{self, require_changeable};
use crate::members::{Error, Member, MemberId, Role, invitations, store};
use kit::clock::Time;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{FormErrors, html_with};
use kit::text::sentence;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/members/{id}", "One member", show),
        form("/settings/members/{id}", "Change the member's role", set_role),
        form("/settings/members/{id}/invitation", "Make a new invitation link", invite_again),
    ]
}

#[derive(Template)]
#[template(path = "members/show.html")]
struct ShowPage {
    frame: Frame,
    member: Member,
    is_self: bool,
    /// The reason why the person may not change them.
    hindrance: Option<String>,
    roles: Vec<Role>,
    /// The role chosen in the form.
    chosen: Role,
    idempotency_key: String,
    /// The end of their invitation, which may be past.
    invited_until: Option<Time>,
    is_link_good: bool,
    /// True if the person may reset the member's password and second factors.
    is_resettable: bool,
    faults: FormErrors,
}

impl ShowPage {
    async fn new<P: MemberPermission>(app: &App, who: &PageSession<P>, id: MemberId) -> Result<Self, ApiError> {
        let member = find(app, who, id).await?;
        let invited_until = store::invited_until(app.db.read(), who.workspace(), id).await?;
        Ok(Self {
            frame: who.frame(app, member.name.clone(), MenuEntry::Members),
            is_self: who.member().id == id,
            hindrance: hindrance(app, who, &member).await?,
            is_resettable: member.has_joined && who.member().id != id && acting(who).may_give().any(|role| role == member.role),
            roles: acting(who).may_give().collect(),
            chosen: member.role,
            idempotency_key: app.random.base62(22),
            is_link_good: invited_until.is_some_and(|until| until > app.clock.now()),
            invited_until,
            faults: FormErrors::default(),
            member,
        })
    }
}

pub(super) async fn find<P: WorkspacePermission>(app: &App, who: &PageSession<P>, id: MemberId) -> Result<Member, ApiError> {
    store::find(app.db.read(), who.workspace(), id).await?.ok_or_else(|| Error::NotFound.into())
}

/// Returns the reason why the person may not change or remove this member, as a sentence.
pub(super) async fn hindrance<P: Permission>(
    app: &App,
    who: &PageSession<P>,
    member: &Member,
) -> Result<Option<String>, ApiError> {
    match require_changeable(app.db.read(), acting(who), member).await {
        Ok(()) => Ok(None),
        Err(Error::Db(error)) => Err(error.into()),
        Err(error) => Ok(Some(sentence(error))),
    }
}

async fn show(who: PageSession<ManageMembers>, State(app): State<App>, Path(id): Path<MemberId>) -> Result<Response, ApiError> {
    Ok(html_with(StatusCode::OK, &ShowPage::new(&app, &who, id).await?))
}

async fn set_role(
    who: PageSession<ChangeRoles>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let Some(role) = Role::parse(fields.text("role")) else {
        let faults = FormErrors::of_field("role", "Choose a role.");
        return Ok(html_with(StatusCode::BAD_REQUEST, &ShowPage { faults, ..ShowPage::new(&app, &who, id).await? }));
    };
    match service::set_role(&app, who.workspace(), who.audit_context(&app), acting(&who), id, role).await {
        Ok(member) => Ok(Redirect::to(&after(&who, &member)).into_response()),
        Err(error @ (Error::LastOwner | Error::OwnerRequired)) => {
            let page = ShowPage { chosen: role, ..ShowPage::new(&app, &who, id).await? };
            Ok(refused(error, page))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the page to go to. A person who has given up their own access to the list goes to their account.
fn after(who: &PageSession<ChangeRoles>, changed: &Member) -> String {
    let is_self = who.member().id == changed.id;
    if is_self && !ManageMembers::RULE.admits(changed.role) {
        "/account?after=role".to_owned()
    } else {
        format!("/settings/members?changed={}", changed.id)
    }
}

async fn invite_again(
    who: PageSession<ManageMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    form: Form,
) -> Result<Response, ApiError> {
    match invitations::invite_again(
        &app,
        who.workspace(),
        who.audit_context(&app),
        inviter(&app, &who),
        id,
        form.idempotency_key(),
    )
    .await
    {
        Ok(invitation) => Ok(link::show_once(&app, &who, &invitation)),
        Err(error @ (Error::HasJoined | Error::OwnerRequired | Error::Quota(_))) => {
            Ok(refused(error, ShowPage::new(&app, &who, id).await?))
        }
        Err(Error::RecentProofRequired) => Err(who.reauthentication_required(&app).await),
        Err(error) => Err(error.into()),
    }
}

/// Renders the page again, with the reason why the change was refused.
fn refused(error: Error, page: ShowPage) -> Response {
    let error = ApiError::from(error);
    let faults = FormErrors::of_whole(error.message.clone());
    html_with(error.status, &ShowPage { faults, hindrance: None, ..page })
}
