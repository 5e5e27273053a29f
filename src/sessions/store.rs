//! Every query on sessions.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationDef, Select, SelectTwo,
};

use super::last_seen::{Use, WRITE_INTERVAL};
use super::model::{AuthMethod, EndingSession, ListedSession, Session, SessionId, format_methods, parse_methods};
use super::tables::{Column, Entity, Model};
use crate::members::{self, MemberId};
use crate::security::{self, SecurityPolicy, SessionLimits, SettingsColumn, SettingsTable};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, count_rows, find_pair, find_pairs, find_rows, find_tuples};
use kit::secret::TokenDigest;

/// Rows that are deleted by one statement.
const BATCH: u64 = 500;

/// Sessions in a list. A member has fewer, unless nodes of early versions started them.
const MAX_LISTED: u64 = 100;

pub(super) async fn insert(db: &impl ConnectionTrait, session: &Session, first: Use) -> DbResult<()> {
    let row = Model {
        digest: session.digest.to_vec(),
        workspace_id: session.member.workspace,
        member_id: session.member.id,
        created_at: session.created_at,
        expires_at: session.expires_at,
        auth_time: Some(session.auth_time),
        methods: format_methods(&session.methods),
        last_seen_at: Some(first.at),
        ip: first.ip,
        user_agent: first.user_agent,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Sessions with the security settings of their workspace, if it has any.
fn with_settings(sessions: Select<Entity>) -> SelectTwo<Entity, SettingsTable> {
    let settings: RelationDef =
        Entity::belongs_to(SettingsTable).from(Column::WorkspaceId).to(SettingsColumn::WorkspaceId).into();
    sessions.join(JoinType::LeftJoin, settings).select_also(SettingsTable)
}

impl Model {
    /// Returns the time at which the session ends by a policy. A session that began under a shorter one keeps its latest end.
    fn end_by(&self, policy: &SecurityPolicy) -> Time {
        let limits = policy.settings.session_limits();
        // A use is written up to a minute late, so that a session may end that much too early, and never too late.
        limits.end_of(self.created_at, self.last_seen_at.unwrap_or(self.created_at)).min(self.expires_at)
    }
}

/// Finds a session and its member, unless it is over.
pub async fn find(db: &impl Source, digest: TokenDigest, now: Time) -> DbResult<Option<Session>> {
    let found = find_pair(db, with_settings(Entity::find_by_id(digest.to_vec()))).await?;
    let Some((row, settings)) = found else { return Ok(None) };
    let policy = security::policy(settings);
    if row.end_by(&policy) <= now {
        return Ok(None);
    }
    let member = members::find(db, row.workspace_id, row.member_id).await?;
    Ok(member.map(|member| Session {
        digest,
        factor_setup: policy.factor_setup(&member, now),
        member,
        created_at: row.created_at,
        expires_at: row.created_at.after(policy.settings.session_limits().absolute).min(row.expires_at),
        // Nodes of the version before leave the time of authentication empty.
        auth_time: row.auth_time.unwrap_or(row.created_at),
        methods: parse_methods(&row.methods),
        last_seen_at: row.last_seen_at,
    }))
}

/// Lists the sessions of a member that are not over, the last used first.
pub async fn list(db: &impl Source, member: MemberId, now: Time) -> DbResult<Vec<ListedSession>> {
    let open = of_member(member).filter(Column::ExpiresAt.gt(now)).order_by_desc(Column::CreatedAt).limit(MAX_LISTED);
    let rows = find_pairs(db, with_settings(open)).await?.into_iter();
    let rows = rows.filter(|(row, settings)| row.end_by(&security::policy(settings.clone())) > now);
    let mut listed: Vec<ListedSession> = rows.filter_map(|(row, _)| listed(row)).collect();
    listed.sort_by_key(|session| (std::cmp::Reverse(session.last_known_use()), session.id));
    Ok(listed)
}

/// Lists the first sessions of a workspace that have not ended by the limits `before` and have ended by those `after`, the newest
/// first, with the number of all.
pub async fn list_ending(
    db: &impl Source,
    workspace: WorkspaceId,
    [before, after]: [SessionLimits; 2],
    now: Time,
    limit: u64,
) -> DbResult<(Vec<EndingSession>, u64)> {
    let of_workspace = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    let ending = of_workspace.filter(is_open(before, now)).filter(is_over(after, now));
    let total = count_rows(db, ending.clone()).await?;
    let newest_first = ending.order_by_desc(Column::CreatedAt).order_by_desc(Column::Digest);
    let rows = find_rows(db, newest_first.limit(limit)).await?;
    let ending = |row: Model| {
        let member = row.member_id;
        listed(row).map(|session| EndingSession { session, member })
    };
    Ok((rows.into_iter().filter_map(ending).collect(), total))
}

fn listed(row: Model) -> Option<ListedSession> {
    let digest = TokenDigest::stored(&row.digest)?;
    Some(ListedSession {
        id: SessionId::of(digest),
        digest,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        ip: row.ip,
        user_agent: row.user_agent,
        methods: parse_methods(&row.methods),
    })
}

fn of_member(member: MemberId) -> Select<Entity> {
    Entity::find().filter(Column::MemberId.eq(member))
}

pub(super) async fn delete(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<()> {
    Entity::delete_by_id(digest.to_vec()).exec(db).await.map(|_| ())
}

/// Ends all sessions of a member but one. Returns how many ended.
pub(super) async fn delete_all_but(db: &impl ConnectionTrait, member: MemberId, kept: Option<TokenDigest>) -> DbResult<u64> {
    let mut ending = Entity::delete_many().filter(Column::MemberId.eq(member));
    if let Some(kept) = kept {
        ending = ending.filter(Column::Digest.ne(kept.to_vec()));
    }
    Ok(ending.exec(db).await?.rows_affected)
}

/// Deletes all sessions of a workspace. Returns how many were not over by these limits.
pub(super) async fn delete_of_workspace(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    limits: SessionLimits,
    now: Time,
) -> DbResult<u64> {
    let of_workspace = || Entity::delete_many().filter(Column::WorkspaceId.eq(workspace));
    of_workspace().filter(is_over(limits, now).add(Column::ExpiresAt.lte(now))).exec(db).await?;
    Ok(of_workspace().exec(db).await?.rows_affected)
}

/// Replaces the token of a session. Returns false if the session has ended.
pub(super) async fn set_digest(db: &impl ConnectionTrait, old: TokenDigest, new: TokenDigest) -> DbResult<bool> {
    let update = Entity::update_many().col_expr(Column::Digest, Expr::value(new.to_vec()));
    Ok(update.filter(Column::Digest.eq(old.to_vec())).exec(db).await?.rows_affected == 1)
}

/// Stores time and methods of a proof of identity. Returns false if the session has ended.
pub(super) async fn set_proof(
    db: &impl ConnectionTrait,
    digest: TokenDigest,
    at: Time,
    methods: &[AuthMethod],
) -> DbResult<bool> {
    let update = Entity::update_many()
        .col_expr(Column::AuthTime, Expr::value(at))
        .col_expr(Column::Methods, Expr::value(format_methods(methods)));
    Ok(update.filter(Column::Digest.eq(digest.to_vec())).exec(db).await?.rows_affected == 1)
}

/// Stores the last use of a session, unless another node has written one within a minute.
pub(super) async fn set_last_seen(db: &impl ConnectionTrait, digest: TokenDigest, used: Use) -> DbResult<()> {
    let is_due = Condition::any().add(Column::LastSeenAt.is_null()).add(Column::LastSeenAt.lte(used.at.before(WRITE_INTERVAL)));
    let update = Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(used.at))
        .col_expr(Column::Ip, Expr::value(used.ip))
        .col_expr(Column::UserAgent, Expr::value(used.user_agent));
    update.filter(Column::Digest.eq(digest.to_vec())).filter(is_due).exec(db).await.map(|_| ())
}

/// Ends the oldest sessions of a member so that `most` are left, including `newest`. Returns how many ended.
pub(super) async fn end_oldest(db: &impl Source, member: MemberId, newest: TokenDigest, most: u64) -> DbResult<u64> {
    let mut ended = 0;
    loop {
        let others = of_member(member).select_only().column(Column::Digest).filter(Column::Digest.ne(newest.to_vec()));
        let newest_first = others.order_by_desc(Column::CreatedAt).order_by_desc(Column::Digest);
        let over: Vec<(Vec<u8>,)> = find_tuples(db, newest_first.offset(most.saturating_sub(1)).limit(BATCH)).await?;
        if over.is_empty() {
            return Ok(ended);
        }
        let over = over.into_iter().map(|(digest,)| digest);
        ended += Entity::delete_many().filter(Column::Digest.is_in(over)).exec(db).await?.rows_affected;
    }
}

/// Deletes the sessions that are over.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let policies = security::all_policies(db.read()).await?;
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
    let usual = SecurityPolicy::default().settings.session_limits();
    let with_settings = SettingsTable::find().select_only().column(SettingsColumn::WorkspaceId);
    let others = Entity::delete_many().filter(Column::WorkspaceId.not_in_subquery(with_settings.into_query()));
    others.filter(is_over(usual, now)).exec(&tx).await?;
    tx.commit().await?;
    for (workspace, policy) in policies {
        // A transaction each, so that others write in between.
        let tx = db.begin_essential().await?;
        delete_over(&tx, workspace, policy.settings.session_limits(), now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Deletes the sessions of a workspace that are over by these limits.
pub(super) async fn delete_over(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    limits: SessionLimits,
    now: Time,
) -> DbResult<()> {
    let of_workspace = Entity::delete_many().filter(Column::WorkspaceId.eq(workspace));
    of_workspace.filter(is_over(limits, now)).exec(db).await.map(|_| ())
}

/// The condition of sessions that have not ended by these limits.
fn is_open(limits: SessionLimits, now: Time) -> Condition {
    let (is_unused, idle_since) = (Column::LastSeenAt.is_null(), now.before(limits.idle));
    let is_used = Condition::any()
        .add(Column::LastSeenAt.gt(idle_since))
        .add(Condition::all().add(is_unused).add(Column::CreatedAt.gt(idle_since)));
    Condition::all().add(Column::ExpiresAt.gt(now)).add(Column::CreatedAt.gt(now.before(limits.absolute))).add(is_used)
}

/// The condition of sessions that have ended by these limits.
fn is_over(limits: SessionLimits, now: Time) -> Condition {
    let (is_unused, idle_since) = (Column::LastSeenAt.is_null(), now.before(limits.idle));
    Condition::any()
        .add(Column::CreatedAt.lte(now.before(limits.absolute)))
        .add(Column::LastSeenAt.lte(idle_since))
        .add(Condition::all().add(is_unused).add(Column::CreatedAt.lte(idle_since)))
}
