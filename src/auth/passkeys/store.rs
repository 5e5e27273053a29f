//! Every query on passkeys and their ceremonies.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::ceremonies::CeremonyKind;
use super::model::{MAX_PASSKEYS, Passkey, PasskeyId, StoredPasskey};
use super::tables::passkey::{Column, Entity, Model};
use super::tables::{ceremony, user};
use crate::members::{Member, MemberId};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, count_rows, find_row, find_rows, find_tuples, page};
use kit::paging::{Page, Paging};
use kit::secret::TokenDigest;

/// A passkey that is to be stored.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    StoredPasskey { passkey, key, sign_count, .. }: &StoredPasskey,
) -> DbResult<()> {
    let row = Model {
        id: passkey.id,
        workspace_id: passkey.workspace,
        member_id: passkey.member,
        credential_id: key.cred_id().clone(),
        credential: serde_json::to_value(key).map_err(|error| DbErr::Json(error.to_string()))?,
        sign_count: i64::from(*sign_count),
        name: passkey.name.clone(),
        rp_id: passkey.rp_id.clone(),
        is_synced: passkey.is_synced,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

fn of_member(member: &Member) -> Select<Entity> {
    Entity::find().filter(Column::WorkspaceId.eq(member.workspace)).filter(Column::MemberId.eq(member.id))
}

/// Lists a part of a member's passkeys, the newest first.
pub(super) async fn list(db: &impl Source, member: &Member, paging: Paging) -> DbResult<Page<Passkey>> {
    page(db, of_member(member), [Column::CreatedAt, Column::Id], paging, |row| Ok(passkey_of(row))).await
}

/// Lists all passkeys of a member, the newest first.
pub async fn list_of(db: &impl Source, member: &Member) -> DbResult<Vec<Passkey>> {
    let newest_first = of_member(member).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    Ok(find_rows(db, newest_first.limit(MAX_PASSKEYS)).await?.into_iter().map(passkey_of).collect())
}

pub async fn find(db: &impl Source, member: &Member, id: PasskeyId) -> DbResult<Option<Passkey>> {
    Ok(find_row(db, of_member(member).filter(Column::Id.eq(id))).await?.map(passkey_of))
}

/// Returns the ids of a member's credentials that were made for a relying party.
pub(super) async fn credential_ids(db: &impl Source, member: &Member, rp_id: &str) -> DbResult<Vec<Vec<u8>>> {
    let ids = of_member(member).filter(Column::RpId.eq(rp_id)).select_only().column(Column::CredentialId);
    Ok(find_tuples::<_, (Vec<u8>,)>(db, ids).await?.into_iter().map(|(id,)| id).collect())
}

/// Returns the keys of a member that were made for a relying party.
pub(super) async fn keys(db: &impl Source, member: &Member, rp_id: &str) -> DbResult<Vec<webauthn_rs::prelude::Passkey>> {
    let rows = find_rows(db, of_member(member).filter(Column::RpId.eq(rp_id)).limit(MAX_PASSKEYS)).await?;
    let key = |row: Model| serde_json::from_value(row.credential).map_err(|error| DbErr::Json(error.to_string()));
    rows.into_iter().map(key).collect()
}

pub(super) async fn count(db: &impl Source, member: &Member) -> DbResult<u64> {
    count_rows(db, of_member(member)).await
}

/// Returns true if a member has a passkey.
pub async fn has_any(db: &impl Source, member: MemberId) -> DbResult<bool> {
    Ok(count_rows(db, Entity::find().filter(Column::MemberId.eq(member))).await? > 0)
}

pub async fn delete_all(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    Entity::delete_many().filter(Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}

/// Returns true if a credential is stored, of any account.
pub(super) async fn is_registered(db: &impl Source, credential: &[u8]) -> DbResult<bool> {
    Ok(count_rows(db, Entity::find().filter(Column::CredentialId.eq(credential))).await? > 0)
}

/// Finds the passkey of a credential, in any workspace.
pub(super) async fn find_by_credential(db: &impl Source, credential: &[u8]) -> DbResult<Option<StoredPasskey>> {
    let registered = Entity::find().filter(Column::CredentialId.eq(credential));
    let Some(row) = find_row(db, registered).await? else { return Ok(None) };
    let Some(user) = find_row(db, user::Entity::find_by_id(row.member_id)).await? else { return Ok(None) };
    let key = serde_json::from_value(row.credential.clone()).map_err(|error| DbErr::Json(error.to_string()))?;
    let sign_count = u32::try_from(row.sign_count).unwrap_or(u32::MAX);
    Ok(Some(StoredPasskey { key, sign_count, handle: user.handle, passkey: passkey_of(row) }))
}

/// Stores a use with its counter, which must be higher than the stored one unless the authenticator has none. Returns false if it
/// is not, or if the passkey was removed.
pub(super) async fn set_used(db: &impl ConnectionTrait, used: &StoredPasskey, now: Time) -> DbResult<bool> {
    let StoredPasskey { passkey, key, sign_count, .. } = used;
    let sign_count = i64::from(*sign_count);
    let credential = serde_json::to_value(key).map_err(|error| DbErr::Json(error.to_string()))?;
    let has_no_counter = (sign_count == 0).then(|| Column::SignCount.eq(0));
    let update = Entity::update_many()
        .col_expr(Column::Credential, Expr::value(credential))
        .col_expr(Column::SignCount, Expr::value(sign_count))
        .col_expr(Column::IsSynced, Expr::value(passkey.is_synced))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(passkey.id))
        .filter(Condition::any().add(Column::SignCount.lt(sign_count)).add_option(has_no_counter));
    Ok(update.exec(db).await?.rows_affected == 1)
}

pub(super) async fn set_name(db: &impl ConnectionTrait, id: PasskeyId, name: &str) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::Name, Expr::value(name)).filter(Column::Id.eq(id));
    update.exec(db).await.map(|_| ())
}

pub(super) async fn delete(db: &impl ConnectionTrait, id: PasskeyId) -> DbResult<()> {
    Entity::delete_by_id(id).exec(db).await.map(|_| ())
}

/// Counts the members of a workspace who have a passkey.
pub async fn count_owners(db: &impl Source, workspace: WorkspaceId) -> DbResult<u64> {
    let owners = Entity::find().select_only().column(Column::MemberId).filter(Column::WorkspaceId.eq(workspace));
    count_rows(db, owners.distinct()).await
}

/// Lists the passkeys that were added last in a workspace, the newest first.
pub async fn newest(db: &impl Source, workspace: WorkspaceId, most: u64) -> DbResult<Vec<Passkey>> {
    let newest_first = Entity::find().filter(Column::WorkspaceId.eq(workspace)).order_by_desc(Column::CreatedAt);
    Ok(find_rows(db, newest_first.order_by_desc(Column::Id).limit(most)).await?.into_iter().map(passkey_of).collect())
}

/// Counts the passkeys of all workspaces that were made for another relying party.
pub async fn count_of_other_relying_parties(db: &impl Source, rp_id: Option<&str>) -> DbResult<u64> {
    let all = Entity::find();
    let others = if let Some(rp_id) = rp_id { all.filter(Column::RpId.ne(rp_id)) } else { all };
    count_rows(db, others).await
}

/// Returns the handle of a member, which is `fresh` if they had none.
pub(super) async fn handle(db: &impl Source, member: &Member, fresh: Uuid) -> DbResult<Uuid> {
    if let Some(user) = find_row(db, user::Entity::find_by_id(member.id)).await? {
        return Ok(user.handle);
    }
    let row = user::Model { member_id: member.id, workspace_id: member.workspace, handle: fresh };
    // Another node may insert one at the same moment: then that one counts.
    let keep = OnConflict::column(user::Column::MemberId).update_column(user::Column::WorkspaceId).to_owned();
    user::Entity::insert(row.into_active_model()).on_conflict(keep).exec_without_returning(db).await?;
    let stored = find_row(db, user::Entity::find_by_id(member.id)).await?;
    Ok(stored.map_or(fresh, |user| user.handle))
}

pub(super) async fn insert_ceremony(db: &impl ConnectionTrait, row: ceremony::Model) -> DbResult<()> {
    ceremony::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Ends the open ceremonies of one kind of a session or challenge.
pub(super) async fn end_bound(db: &impl ConnectionTrait, kind: CeremonyKind, bound_to: TokenDigest) -> DbResult<()> {
    let open = ceremony::Entity::delete_many().filter(ceremony::Column::BoundTo.eq(bound_to.to_vec()));
    open.filter(ceremony::Column::Kind.eq(kind.as_str())).exec(db).await.map(|_| ())
}

/// Deletes and returns a ceremony that has not expired. Of two requests with one token, on any nodes, only one gets it.
pub(super) async fn take_ceremony(db: &impl Source, digest: TokenDigest, now: Time) -> DbResult<Option<ceremony::Model>> {
    let of_token = ceremony::Column::Digest.eq(digest.to_vec());
    let open = ceremony::Entity::find().filter(of_token.clone()).filter(ceremony::Column::ExpiresAt.gt(now));
    let Some(found) = find_row(db, open).await? else { return Ok(None) };
    let deleted = ceremony::Entity::delete_many().filter(of_token).exec(db).await?;
    Ok((deleted.rows_affected == 1).then_some(found))
}

/// Deletes the ceremonies that have expired.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    ceremony::Entity::delete_many().filter(ceremony::Column::ExpiresAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}

fn passkey_of(row: Model) -> Passkey {
    Passkey {
        id: row.id,
        workspace: row.workspace_id,
        member: row.member_id,
        name: row.name,
        rp_id: row.rp_id,
        is_synced: row.is_synced,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}
