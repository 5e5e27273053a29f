//! The calls on members: for administrators, by session.

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Error;
use super::invitations::{self, Invitation, Inviter};
use super::model::{AddMember, Member, MemberId};
use super::role::Role;
use super::service::{self, ActingRole};
use super::store;
use crate::access::{Allowed, Anyone, ChangeRoles, ManageMembers, MemberPermission, RemoveMembers, ResetMembers};
use crate::app::App;
use crate::auth::{ResetOf, password};
use kit::clock::Time;
use kit::http::route::{delete, get, patch, post};
use kit::http::{
    ApiError, Body, Check, Created, FieldErrors, IdempotencyKey, IdempotentBody, IfMatch, JsonOk, Known, Listing, NoFields,
    NoParameters, NoStore, Page, Path, Query, Revised, Routes, WithEtag,
};
use kit::text::secret_string;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Members",
        [
            get("/api/v1/members", "List members", index),
            get("/api/v1/members/{id}", "Get member", show),
            post("/api/v1/members", "Add member", add)
                .conflicts()
                .fails(409, "QUOTA_EXCEEDED")
                .fails(403, "REAUTHENTICATION_REQUIRED"),
            patch("/api/v1/members/{id}", "Change member role", set_role).essential().conflicts(),
            delete("/api/v1/members/{id}", "Remove member", remove).essential().conflicts(),
            post("/api/v1/members/{id}/reset-two-factor", "Reset two-factor authentication", reset_two_factor)
                .essential()
                .conflicts(),
            post("/api/v1/members/{id}/reset-password", "Reset password", reset_password).essential().conflicts(),
            post("/api/v1/auth/join", "Accept invitation", join)
                .fails(410, "INVITATION_INVALID")
                .fails(429, "RATE_LIMITED")
                .fails(503, "UNAVAILABLE"),
        ],
    )
}

/// A person in the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
struct MemberView {
    id: MemberId,
    name: String,
    email: String,
    role: Role,
    /// False until the invitation was accepted.
    has_joined: bool,
    created_at: Time,
    /// The time since which they have a second factor; `null`: they have none.
    second_factor_at: Option<Time>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { id, name, email, role, has_joined, created_at, second_factor_at, workspace: _ } = member;
        Self { id, name, email, role, has_joined, created_at, second_factor_at }
    }
}

/// A new member with their invitation link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvitedMember {
    /// Hand it to the person. It works once, for 7 days.
    invite_url: String,
    /// True if an email with the link is on its way to the person. False if the server sends no email, or too many wait.
    emailed: bool,
    member: MemberView,
}

async fn index(
    who: Allowed<ManageMembers>,
    State(app): State<App>,
    Listing { paging, .. }: Listing<NoParameters>,
    known: Known,
) -> Result<WithEtag<Page<MemberView>>, ApiError> {
    Ok(known.answer(store::list(app.db.read(), who.workspace(), paging).await?.map(MemberView::from)))
}

async fn show(
    who: Allowed<ManageMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    known: Known,
) -> Result<WithEtag<MemberView>, ApiError> {
    let member = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(member.into()))
}

fn acting<P: MemberPermission>(who: &Allowed<P>) -> ActingRole {
    ActingRole(who.member().role)
}

async fn add(
    who: Allowed<ManageMembers>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<AddMember>,
) -> Result<Created<InvitedMember>, ApiError> {
    match invite(&app, &who, input, idempotency_key).await {
        Ok(Invitation::Made(invited)) => Ok(Created(InvitedMember {
            invite_url: invited.url(&app.config),
            emailed: invited.is_emailed,
            member: invited.member.into(),
        })),
        Ok(Invitation::Repeated(_)) => Err(ApiError::internal()),
        Err(Error::RecentProofRequired) => Err(who.reauthentication_required(&app).await),
        Err(error) => Err(error.into()),
    }
}

async fn invite(
    app: &App,
    who: &Allowed<ManageMembers>,
    input: AddMember,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Invitation, Error> {
    let (workspace, inviter) = (who.workspace(), Inviter { role: acting(who), is_recent: who.is_recent(app) });
    match invitations::invite(app, workspace, who.audit_context(app), inviter, input, idempotency_key).await? {
        // A client that repeats a call has not read the first response: it gets a new link, and the first one ends.
        Invitation::Repeated(id) => invitations::invite_again(app, workspace, who.audit_context(app), inviter, id, None).await,
        made @ Invitation::Made(_) => Ok(made),
    }
}

/// A change of a member's role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeRole {
    role: Role,
}

impl Check for ChangeRole {}

async fn set_role(
    who: Allowed<ChangeRoles>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    if_match: IfMatch,
    Body(input): Body<ChangeRole>,
) -> Result<Revised<MemberView>, ApiError> {
    let workspace = who.workspace();
    let precondition = if_match
        .on(move |tx| Box::pin(async move { store::find(tx, workspace, id).await.map(|member| member.map(MemberView::from)) }));
    let context = who.audit_context(&app).only_if(precondition);
    Ok(Revised::new(service::set_role(&app, workspace, context, acting(&who), id, input.role).await?.into()))
}

/// The hand-over of the keys in the custody of a member who is removed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct HandOver {
    /// The new custodian of the keys: another member who has joined. If left out, no one is responsible for the keys.
    #[param(inline)]
    custodian_id: Option<MemberId>,
}

impl Check for HandOver {}

async fn remove(
    who: Allowed<RemoveMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    Query(HandOver { custodian_id }): Query<HandOver>,
) -> Result<JsonOk<MemberView>, ApiError> {
    let context = who.audit_context(&app);
    Ok(JsonOk(service::remove(&app, who.workspace(), context, acting(&who), id, custodian_id).await?.into()))
}

/// The second factors of a member that were removed. Their sessions have ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TwoFactorReset {
    /// The code that the next sign-in asks for beside the password; shown once. Hand it to the person.
    reset_code: String,
    /// The end of the code. Later, only another reset helps.
    expires_at: Time,
    sessions_ended: u64,
    member: MemberView,
}

fn reset_of(who: &Allowed<ResetMembers>, id: MemberId) -> ResetOf {
    ResetOf { workspace: who.workspace(), member: id, caller: who.member().id, role: acting(who) }
}

async fn reset_two_factor(
    who: Allowed<ResetMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<TwoFactorReset>>, ApiError> {
    let done = reset_of(&who, id).two_factor(&app, who.audit_context(&app)).await?;
    Ok(NoStore(JsonOk(TwoFactorReset {
        reset_code: done.code.expose(),
        expires_at: done.until,
        sessions_ended: done.ended,
        member: done.member.into(),
    })))
}

/// The password of a member that stopped working. Their sessions have ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasswordReset {
    /// The link that sets a new password, once; shown once. Hand it to the person.
    reset_url: String,
    expires_at: Time,
    sessions_ended: u64,
    member: MemberView,
}

async fn reset_password(
    who: Allowed<ResetMembers>,
    State(app): State<App>,
    Path(id): Path<MemberId>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<NoStore<JsonOk<PasswordReset>>, ApiError> {
    let (member, link) = reset_of(&who, id).password(&app, who.audit_context(&app)).await?;
    Ok(NoStore(JsonOk(PasswordReset {
        reset_url: link.url(&app.config.public_url),
        expires_at: link.until,
        sessions_ended: link.ended,
        member: member.into(),
    })))
}

// No Debug: it carries a password.
/// The acceptance of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInvitation {
    /// The part of the invitation link after `#`.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String)]
    token: SecretString,
    /// 15 to 256 characters; not a common password, and not made of the names of the person or the workspace.
    #[serde(deserialize_with = "secret_string")]
    #[schema(value_type = String, min_length = 15, max_length = 256)]
    password: SecretString,
}

impl Check for AcceptInvitation {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require(password::has_fitting_length(&self.password), "password", "Give 15 to 256 characters.");
    }
}

async fn join(
    who: Allowed<Anyone>,
    State(app): State<App>,
    Body(input): Body<AcceptInvitation>,
) -> Result<JsonOk<MemberView>, ApiError> {
    let context = |actor| who.request().audit_context(actor);
    Ok(JsonOk(invitations::join(&app, &app.passwords, input.token.expose_secret(), input.password, context).await?.into()))
}
