//! Every query on members.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{Email, Member, MemberId};
use super::role::Role;
use super::tables::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows, find_row, find_rows, find_tuple, find_tuples, page, rows_of};
use kit::http::{Page, Paging};
use kit::secret::TokenDigest;

/// The columns of an open invitation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Invitation {
    pub(super) digest: TokenDigest,
    pub(super) until: Time,
    /// The member who made it; `None` for the operator.
    pub(super) invited_by: Option<MemberId>,
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    member: &Member,
    password: Option<String>,
    invitation: Option<Invitation>,
) -> DbResult<()> {
    let row = Model {
        id: member.id,
        workspace_id: member.workspace,
        email: member.email.clone(),
        name: member.name.clone(),
        role: member.role.as_str().to_owned(),
        password_hash: password,
        invite_digest: invitation.map(|invitation| invitation.digest.to_vec()),
        invite_expires_at: invitation.map(|invitation| invitation.until),
        invited_by: invitation.and_then(|invitation| invitation.invited_by),
        created_at: member.created_at,
        second_factor_at: member.second_factor_at,
        password_is_short: false,
        muted_notices: None,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

pub async fn find(db: &impl Source, workspace: WorkspaceId, id: MemberId) -> DbResult<Option<Member>> {
    Ok(find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?.map(member_of))
}

/// Finds the members with these ids.
pub async fn find_all(db: &impl Source, workspace: WorkspaceId, ids: Vec<MemberId>) -> DbResult<Vec<Member>> {
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(ids));
    Ok(find_rows(db, named).await?.into_iter().map(member_of).collect())
}

/// Returns the ids of all members; their number is bounded by a quota.
pub async fn ids(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<MemberId>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::WorkspaceId.eq(workspace));
    Ok(find_tuples::<_, (MemberId,)>(db, ids).await?.into_iter().map(|(id,)| id).collect())
}

/// Lists the members who have joined, the first ones by name.
pub async fn list_joined(db: &impl Source, workspace: WorkspaceId, limit: u64) -> DbResult<Vec<Member>> {
    let joined = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::PasswordHash.is_not_null());
    let named = joined.order_by_asc(Column::Name).order_by_asc(Column::Id);
    Ok(find_rows(db, named.limit(limit)).await?.into_iter().map(member_of).collect())
}

/// Finds the member with this email, which is an [`Email`].
pub async fn find_by_email(db: &impl Source, workspace: WorkspaceId, email: &str) -> DbResult<Option<Member>> {
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Email.is_in(Email::spellings(email)));
    Ok(find_row(db, named).await?.map(member_of))
}

/// Lists a part of a workspace's members, those added last first.
pub async fn list(db: &impl Source, workspace: WorkspaceId, paging: Paging) -> DbResult<Page<Member>> {
    let matching = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    page(db, matching, [Column::CreatedAt, Column::Id], paging, |row| Ok(member_of(row))).await
}

/// Lists one page of a workspace's members, by name. Not for walks: a name can change.
pub async fn list_by_name(db: &impl Source, workspace: WorkspaceId, paging: Paging) -> DbResult<Page<Member>> {
    let matching = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    let total = count_rows(db, matching.clone()).await?;
    let named = matching.order_by_asc(Column::Name).order_by_asc(Column::Id);
    let rows = rows_of(db, named.offset(paging.offset()).limit(paging.limit())).await?;
    Ok(Page::new(rows.into_iter().map(member_of).collect(), Some(total), paging, None))
}

/// Lists the members with one of these roles who have joined, the first 20 by name.
pub async fn with_role(db: &impl Source, workspace: WorkspaceId, roles: &[Role]) -> DbResult<Vec<Member>> {
    let joined = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::PasswordHash.is_not_null());
    let named = joined.filter(Column::Role.is_in(roles.iter().map(|role| role.as_str()))).order_by_asc(Column::Name);
    Ok(find_rows(db, named.limit(20)).await?.into_iter().map(member_of).collect())
}

/// The condition of open invitations that a member made for one of these roles.
fn open_invitations(workspace: WorkspaceId, maker: MemberId, roles: &[Role], now: Time) -> Condition {
    Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add(Column::InvitedBy.eq(maker))
        .add(Column::PasswordHash.is_null())
        .add(Column::InviteDigest.is_not_null())
        .add(Column::InviteExpiresAt.gt(now))
        .add(Column::Role.is_in(roles.iter().map(|role| role.as_str())))
}

/// Lists the members whose open invitations a member made, for one of these roles.
pub(super) async fn invited_by(
    db: &impl Source,
    workspace: WorkspaceId,
    maker: MemberId,
    roles: &[Role],
    now: Time,
) -> DbResult<Vec<Member>> {
    let open = Entity::find().filter(open_invitations(workspace, maker, roles, now));
    let named = open.order_by_asc(Column::Name).order_by_asc(Column::Id);
    Ok(find_rows(db, named).await?.into_iter().map(member_of).collect())
}

/// Finds the maker of a member's open invitation, unless it was the operator.
pub(super) async fn maker_of_invitation(db: &impl Source, invited: &Member, now: Time) -> DbResult<Option<MemberId>> {
    let open = Entity::find_by_id(invited.id).filter(Column::WorkspaceId.eq(invited.workspace));
    let open = open.filter(Column::PasswordHash.is_null()).filter(Column::InviteExpiresAt.gt(now));
    Ok(find_row(db, open).await?.and_then(|row| row.invited_by))
}

/// Ends the invitations of these members. The digest is kept, so that the page of the link can say that it has ended.
pub(super) async fn end_invitations(db: &impl ConnectionTrait, workspace: WorkspaceId, ids: &[MemberId]) -> DbResult<()> {
    for ids in ids.chunks(500) {
        let update = Entity::update_many()
            .col_expr(Column::InviteExpiresAt, Expr::value(Option::<Time>::None))
            .filter(Column::WorkspaceId.eq(workspace))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::PasswordHash.is_null());
        update.exec(db).await?;
    }
    Ok(())
}

/// Finds the member of an open invitation.
pub(super) async fn find_by_invitation(db: &impl Source, digest: TokenDigest, now: Time) -> DbResult<Option<Member>> {
    let invited = Entity::find().filter(Column::InviteDigest.eq(digest.to_vec())).filter(Column::PasswordHash.is_null());
    Ok(find_row(db, invited.filter(Column::InviteExpiresAt.gt(now))).await?.map(member_of))
}

/// Finds the member of an invitation that may have ended, with its end and its maker. A used or withdrawn one has no end.
pub(super) async fn find_by_digest(
    db: &impl Source,
    digest: TokenDigest,
) -> DbResult<Option<(Member, Option<Time>, Option<MemberId>)>> {
    let invited = find_row(db, Entity::find().filter(Column::InviteDigest.eq(digest.to_vec()))).await?;
    Ok(invited.map(|row| {
        let (until, maker) = (row.invite_expires_at, row.invited_by);
        (member_of(row), until, maker)
    }))
}

/// Finds the end of a member's invitation, which may be past.
pub(super) async fn invited_until(db: &impl Source, workspace: WorkspaceId, id: MemberId) -> DbResult<Option<Time>> {
    let member = find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?;
    Ok(member.and_then(|member| member.invite_expires_at))
}

pub(super) async fn set_invitation(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: MemberId,
    Invitation { digest, until, invited_by }: Invitation,
) -> DbResult<()> {
    let update = Entity::update_many()
        .col_expr(Column::InviteDigest, Expr::value(digest.to_vec()))
        .col_expr(Column::InviteExpiresAt, Expr::value(until))
        .col_expr(Column::InvitedBy, Expr::value(invited_by));
    update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.eq(id)).exec(db).await.map(|_| ())
}

/// Sets the password and consumes the invitation. Returns false if it was used meanwhile. The digest is kept, as in
/// [`end_invitations`].
pub(super) async fn accept_invitation(db: &impl ConnectionTrait, digest: TokenDigest, password: String) -> DbResult<bool> {
    let update = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(password))
        .col_expr(Column::InviteExpiresAt, Expr::value(Option::<Time>::None))
        .filter(Column::InviteDigest.eq(digest.to_vec()))
        .filter(Column::PasswordHash.is_null())
        .filter(Column::InviteExpiresAt.is_not_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Returns the names of all other members; their number is bounded by a quota.
pub(super) async fn names_of_others(db: &impl Source, workspace: WorkspaceId, member: MemberId) -> DbResult<Vec<String>> {
    let names = Entity::find().select_only().column(Column::Name);
    let names = names.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.ne(member));
    Ok(find_tuples::<_, (String,)>(db, names).await?.into_iter().map(|(name,)| name).collect())
}

pub(super) async fn set_name(db: &impl ConnectionTrait, member: &Member) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::Name, Expr::value(member.name.as_str()));
    update.filter(Column::WorkspaceId.eq(member.workspace)).filter(Column::Id.eq(member.id)).exec(db).await.map(|_| ())
}

pub(super) async fn set_role(db: &impl ConnectionTrait, workspace: WorkspaceId, id: MemberId, role: Role) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::Role, Expr::value(role.as_str()));
    update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.eq(id)).exec(db).await.map(|_| ())
}

/// Returns the kinds of emails that a member does not want, as stored: separated by commas.
pub async fn muted_notices(db: &impl Source, workspace: WorkspaceId, id: MemberId) -> DbResult<Option<String>> {
    let muted = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).select_only().column(Column::MutedNotices);
    Ok(find_tuple::<_, (Option<String>,)>(db, muted).await?.and_then(|(muted,)| muted))
}

pub async fn set_muted_notices(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: MemberId,
    muted: Option<String>,
) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::MutedNotices, Expr::value(muted));
    update.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.eq(id)).exec(db).await.map(|_| ())
}

pub(super) async fn delete(db: &impl ConnectionTrait, workspace: WorkspaceId, id: MemberId) -> DbResult<()> {
    Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.eq(id)).exec(db).await.map(|_| ())
}

/// Counts the members of a workspace, including invited ones.
pub(super) async fn count(db: &impl Source, workspace: WorkspaceId) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(Column::WorkspaceId.eq(workspace))).await
}

/// Counts the members of every workspace, including invited ones.
pub async fn count_by_workspace(db: &impl Source) -> DbResult<HashMap<WorkspaceId, i64>> {
    let counts = Entity::find().select_only().column(Column::WorkspaceId).column_as(Column::Id.count(), "members");
    let counts: Vec<(WorkspaceId, i64)> = find_tuples(db, counts.group_by(Column::WorkspaceId)).await?;
    Ok(counts.into_iter().collect())
}

/// Counts the open invitations of a workspace.
pub(super) async fn count_invited(db: &impl Source, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    let invited = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::PasswordHash.is_null());
    count_rows(db, invited.filter(Column::InviteExpiresAt.gt(now))).await
}

/// Counts the members of this role who have joined.
pub(super) async fn count_role(db: &impl Source, workspace: WorkspaceId, role: Role) -> DbResult<u64> {
    let joined = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::PasswordHash.is_not_null());
    count_rows(db, joined.filter(Column::Role.eq(role.as_str()))).await
}

pub(super) fn member_of(row: Model) -> Member {
    Member {
        id: row.id,
        workspace: row.workspace_id,
        email: row.email,
        name: row.name,
        // Written by a newer version: a role with the fewest rights.
        role: Role::parse(&row.role).unwrap_or(Role::Pilot),
        has_joined: row.password_hash.is_some(),
        created_at: row.created_at,
        second_factor_at: row.second_factor_at,
    }
}
