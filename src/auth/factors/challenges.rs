//! Challenges: what a sign-in gets for a right password if the member needs a second step. In the database, so that any node
//! completes it, and only one.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{CHALLENGE, CHALLENGE_LIFETIME, Challenge, MAX_CHALLENGES, MAX_TRIES};
use super::tables::challenge::{Column, Entity, Model};
use crate::audit::AuditedTx;
use crate::members::{self, Member, MemberId};
use crate::sessions::AuthMethod;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, find_row, find_tuples};
use kit::secret::{SecretToken, TokenDigest};

/// Makes a challenge for a member, in the transaction that has confirmed the password. `renewed` is a hash with the parameters of
/// today, if the stored one has lower ones.
pub(in crate::auth) async fn begin(
    tx: &AuditedTx,
    member: &Member,
    (hash, renewed): (&str, Option<String>),
    methods: Vec<AuthMethod>,
) -> DbResult<Challenge> {
    let (token, now) = (SecretToken::generate(CHALLENGE, tx.random()), tx.now());
    let expires_at = now.after(CHALLENGE_LIFETIME);
    let row = Model {
        digest: token.digest().to_vec(),
        workspace_id: member.workspace,
        member_id: member.id,
        created_at: now,
        expires_at,
        tries: 0,
        first_method: AuthMethod::Password.as_str().to_owned(),
        password_fingerprint: members::password_fingerprint(Some(hash)).unwrap_or_default(),
        renewed_hash: renewed,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(tx.db()).await?;
    delete_excess(tx.db(), member.id).await?;
    Ok(Challenge { token, methods, expires_at })
}

async fn delete_excess(db: &impl Source, member: MemberId) -> DbResult<()> {
    let own = Entity::find().select_only().column(Column::Digest).filter(Column::MemberId.eq(member));
    let newest_first = own.order_by_desc(Column::CreatedAt).order_by_desc(Column::Digest);
    let excess: Vec<(Vec<u8>,)> = find_tuples(db, newest_first.offset(MAX_CHALLENGES).limit(MAX_CHALLENGES)).await?;
    if excess.is_empty() {
        return Ok(());
    }
    let excess = excess.into_iter().map(|(digest,)| digest);
    Entity::delete_many().filter(Column::Digest.is_in(excess)).exec(db).await.map(|_| ())
}

/// Returns the digest of a token that a caller presents; `None` if it is no token of a challenge.
pub(in crate::auth) fn digest_of(token: &str) -> Option<TokenDigest> {
    SecretToken::presented(CHALLENGE, token).map(|token| token.digest())
}

/// Finds a challenge that can still be completed.
pub(in crate::auth) async fn find(db: &impl Source, digest: TokenDigest, now: Time) -> DbResult<Option<Model>> {
    let open = Entity::find_by_id(digest.to_vec()).filter(Column::ExpiresAt.gt(now)).filter(Column::Tries.lt(MAX_TRIES));
    find_row(db, open).await
}

/// Uses a challenge up. Returns false if it was used up before.
pub(in crate::auth) async fn take(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<bool> {
    Ok(Entity::delete_by_id(digest.to_vec()).exec(db).await?.rows_affected == 1)
}

/// Counts a wrong code.
pub(in crate::auth) async fn add_try(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::Tries, Expr::col(Column::Tries).add(1));
    update.filter(Column::Digest.eq(digest.to_vec())).exec(db).await.map(|_| ())
}

/// Ends the challenges of a member whose password or factors have changed.
pub(in crate::auth) async fn withdraw(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    Entity::delete_many().filter(Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}

/// Ends all challenges of a workspace.
pub(in crate::auth) async fn withdraw_all(db: &impl ConnectionTrait, workspace: WorkspaceId) -> DbResult<()> {
    Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).exec(db).await.map(|_| ())
}

/// Deletes the challenges that have expired.
pub(super) async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}
