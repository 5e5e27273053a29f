//! Every query on the outbox.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
};

use super::model::{MailId, MailKind, QueuedMail, Recipient};
use super::tables::{Column, Entity, Model};
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, count_rows, find_rows};

/// The time after which an attempt without an outcome has ended with its process.
pub(super) const ATTEMPT: Duration = Duration::from_mins(10);

/// Rows that one statement ends.
const BATCH: u64 = 200;

/// Inserts an email, unless the member has one of this event already.
pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> DbResult<()> {
    let once = OnConflict::columns([Column::MemberId, Column::Event]).do_nothing().to_owned();
    Entity::insert(row.into_active_model()).on_conflict(once).exec_without_returning(db).await.map(|_| ())
}

/// Counts the emails of a workspace that wait.
pub(super) async fn waiting(db: &impl Source, workspace: WorkspaceId) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::DueAt.is_not_null())).await
}

/// Counts the emails of a kind that a member got since `since`.
pub async fn count_since(db: &impl Source, member: MemberId, kind: MailKind, since: Time) -> DbResult<u64> {
    let of_member = Entity::find().filter(Column::MemberId.eq(member)).filter(Column::CreatedAt.gt(since));
    count_rows(db, of_member.filter(Column::Kind.eq(kind))).await
}

/// The emails that this version can write. Those of a later version are left to its nodes.
fn known() -> Select<Entity> {
    Entity::find().filter(Column::Kind.is_in(MailKind::ALL.iter().copied()))
}

/// Returns the emails that are due, the longest waiting first.
pub(super) async fn due(db: &Db, now: Time, limit: u64) -> DbResult<Vec<QueuedMail>> {
    let due = known().filter(Column::DueAt.lte(now)).filter(Column::Until.gt(now));
    find_rows(db.read(), due.order_by_asc(Column::DueAt).limit(limit)).await?.into_iter().map(of_row).collect()
}

/// One attempt at an email. Whatever comes of it is stored only while the row has this claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    id: MailId,
    since: Time,
}

impl Claim {
    fn of(self, update: UpdateMany<Entity>) -> UpdateMany<Entity> {
        update.filter(Column::Id.eq(self.id)).filter(Column::SendingAt.eq(self.since))
    }
}

/// Claims an email for one attempt. Returns `None` if another node has, or if it is not due any more.
pub(super) async fn claim(db: &Db, id: MailId, now: Time) -> DbResult<Option<Claim>> {
    let claimed = Entity::update_many().filter(Column::Id.eq(id)).filter(Column::DueAt.lte(now));
    let claimed = claimed.col_expr(Column::DueAt, nothing::<Time>()).col_expr(Column::SendingAt, Expr::value(now));
    let claimed = commit(db, claimed.col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))).await?;
    Ok((claimed == 1).then_some(Claim { id, since: now }))
}

/// Stores that an email was taken by the server, and deletes its link.
pub(super) async fn set_sent(db: &Db, claim: Claim, now: Time) -> DbResult<()> {
    let sent = claim.of(Entity::update_many()).col_expr(Column::SentAt, Expr::value(now));
    let sent = sent.col_expr(Column::SendingAt, nothing::<Time>()).col_expr(Column::LastError, nothing::<String>());
    commit(db, sent.col_expr(Column::Link, nothing::<Vec<u8>>())).await.map(|_| ())
}

/// Puts an email back that was certainly not sent.
pub(super) async fn set_due(db: &Db, claim: Claim, due_at: Time, error: &str) -> DbResult<()> {
    let later = claim.of(Entity::update_many()).col_expr(Column::DueAt, Expr::value(due_at));
    let later = later.col_expr(Column::SendingAt, nothing::<Time>()).col_expr(Column::LastError, Expr::value(error));
    commit(db, later).await.map(|_| ())
}

/// Gives an email up, and deletes its link.
pub(super) async fn set_failed(db: &Db, claim: Claim, now: Time, error: &str) -> DbResult<()> {
    commit(db, claim.of(failed(now)).col_expr(Column::LastError, Expr::value(error))).await.map(|_| ())
}

fn failed(now: Time) -> UpdateMany<Entity> {
    let failed = Entity::update_many().col_expr(Column::FailedAt, Expr::value(now)).col_expr(Column::DueAt, nothing::<Time>());
    failed.col_expr(Column::SendingAt, nothing::<Time>()).col_expr(Column::Link, nothing::<Vec<u8>>())
}

/// An email that ended without being sent, as far as is known.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) id: MailId,
    pub(super) workspace: WorkspaceId,
    pub(super) kind: MailKind,
    pub(super) attempts: i32,
    pub(super) last_error: Option<String>,
    /// An attempt was under way when its process ended: it may have been sent.
    pub(super) was_sending: bool,
}

/// Ends emails whose time is over, and those whose attempt ended with its process: these are not sent again.
pub(super) async fn end_overdue(db: &Db, now: Time) -> DbResult<Vec<Ended>> {
    let expired = Column::DueAt.is_not_null().and(Column::Until.lte(now));
    let crashed = Column::SendingAt.lte(now.before(ATTEMPT));
    let rows = find_rows(db.read(), known().filter(expired.or(crashed)).limit(BATCH)).await?;
    let mut ended = Vec::new();
    for row in rows {
        // Compared with the claim: the row may have been claimed, or its attempt may have ended meanwhile.
        let same = match row.sending_at {
            Some(since) => Column::SendingAt.eq(since),
            None => Column::DueAt.is_not_null(),
        };
        if commit(db, failed(now).filter(Column::Id.eq(row.id)).filter(same)).await? == 1 {
            let Model { id, workspace_id: workspace, kind, attempts, last_error, sending_at, .. } = row;
            ended.push(Ended { id, workspace, kind, attempts, last_error, was_sending: sending_at.is_some() });
        }
    }
    Ok(ended)
}

/// Deletes the emails that ended before `before`.
pub(super) async fn forget(db: &Db, before: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    let ended = Entity::delete_many().filter(Column::DueAt.is_null()).filter(Column::SendingAt.is_null());
    ended.filter(Column::CreatedAt.lte(before)).exec(&tx).await?;
    tx.commit().await
}

/// Counts all emails that wait.
pub(super) async fn all_waiting(db: &Db) -> DbResult<u64> {
    count_rows(db.read(), Entity::find().filter(Column::DueAt.is_not_null())).await
}

/// Runs an update in a transaction of its own, and returns the number of rows. Emails leave while the disk is nearly full, too: that
/// takes no space.
async fn commit(db: &Db, update: UpdateMany<Entity>) -> DbResult<u64> {
    let tx = db.begin_essential().await?;
    let done = update.exec(&tx).await?.rows_affected;
    tx.commit().await?;
    Ok(done)
}

fn nothing<T: sea_orm::sea_query::Nullable>() -> sea_orm::sea_query::SimpleExpr {
    Expr::value(T::null())
}

fn of_row(row: Model) -> DbResult<QueuedMail> {
    let content = serde_json::from_value(row.content).map_err(|error| DbErr::Json(error.to_string()))?;
    let to = Recipient { workspace: row.workspace_id, name: row.recipient_name, email: row.recipient_email };
    Ok(QueuedMail {
        id: row.id,
        to,
        workspace_name: row.workspace_name,
        timezone: row.timezone,
        content,
        sealed_link: row.link,
        created_at: row.created_at,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
    })
}
