//! Responses kept for `Idempotency-Key`: written in the transaction that they answer, for 24 hours.
//!
//! A row contains the actor, except for requests without a name (a safety report that must not lead to its reporter): those
//! share one namespace in the workspace. A digest of the person would not protect them: a workspace has few people, so it
//! could be found by trying them all. The price: of two people who choose the same key for two such reports within 24
//! hours, the second gets `IDEMPOTENCY_KEY_REUSED`.
//!
//! The keys of one chain of rotations share their idempotency keys. A row has the key that wrote it, and the look-up asks for
//! all keys of the chain, so that rows of the previous version count, and it finds the rows of its own keys.

use std::time::Duration;

use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryTrait, Statement};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::actor::Actor;
use super::scrub::take_secrets_out;
use super::tables::answer::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Tx, find_rows};
use kit::http::IdempotencyKey;

/// The lifetime of a kept response.
pub(super) const LIFETIME: Duration = Duration::from_hours(24);

/// The state of a request's `Idempotency-Key`.
#[derive(Debug)]
pub enum IdempotencyOutcome {
    /// The request carries no key, or a new one.
    Fresh,
    /// The request was answered before, with this.
    Replay { status: u16, data: Value },
    /// The key was used for another request.
    Reused,
}

/// One actor's use of one key.
#[derive(Debug)]
pub(super) struct Claim {
    actor: String,
    /// Other actors whose use of the key counts as well.
    peers: Vec<String>,
    key: IdempotencyKey,
}

impl Claim {
    pub(super) fn new(actor: &Actor, key: IdempotencyKey) -> Self {
        let mut actor = actor.id.clone().or_else(|| actor.name.clone()).unwrap_or_default();
        take_secrets_out(&mut actor);
        // The client's key may contain a person's name: only its digest is stored.
        let digest = hex::encode(Sha256::digest(key.key.as_bytes()));
        Self { actor, peers: Vec::new(), key: IdempotencyKey { key: digest, ..key } }
    }

    /// Makes the uses of these actors count as well.
    pub(super) fn share_with(&mut self, peers: Vec<String>) {
        self.peers = peers;
    }

    /// Returns whether the row contains the actor.
    pub(super) fn names_someone(&self) -> bool {
        !self.actor.is_empty()
    }
}

pub(super) async fn look_up(tx: &Tx, workspace: WorkspaceId, claim: &Claim, now: Time) -> DbResult<IdempotencyOutcome> {
    let actors = claim.peers.iter().chain([&claim.actor]);
    let kept = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::Actor.is_in(actors))
        .filter(Column::Key.eq(&claim.key.key));
    let (kept, expired): (Vec<_>, Vec<_>) =
        find_rows(tx, kept).await?.into_iter().partition(|kept| now.since(kept.created_at) < LIFETIME);
    if expired.iter().any(|row| row.actor == claim.actor) {
        // Its place in the table is needed.
        Entity::delete_by_id((workspace, claim.actor.clone(), claim.key.key.clone())).exec(tx).await?;
    }
    // Keys of one chain may have a row each, written when they shared nothing yet.
    let Some(replayed) = kept.iter().find(|kept| kept.fingerprint == claim.key.fingerprint) else {
        return Ok(if kept.is_empty() { IdempotencyOutcome::Fresh } else { IdempotencyOutcome::Reused });
    };
    let data = serde_json::from_str(&replayed.body).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(IdempotencyOutcome::Replay { status: replayed.status.unsigned_abs(), data })
}

/// Returns the statement that keeps a response.
pub(super) fn keeping(
    backend: DbBackend,
    workspace: WorkspaceId,
    claim: Claim,
    (status, body): (u16, String),
    now: Time,
) -> Statement {
    let row = Model {
        workspace_id: workspace,
        actor: claim.actor,
        key: claim.key.key,
        fingerprint: claim.key.fingerprint.to_vec(),
        status: status.cast_signed(),
        body,
        created_at: now,
    };
    Entity::insert(row.into_active_model()).build(backend)
}

/// Deletes about `limit` of the responses in a workspace, for the reset of a sandbox. Returns their number.
pub async fn forget_some_answers(db: &impl ConnectionTrait, workspace: WorkspaceId, limit: u64) -> DbResult<u64> {
    let some = Query::select().column(Column::Key).from(Entity).and_where(Column::WorkspaceId.eq(workspace)).limit(limit).take();
    let answers = Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Key.in_subquery(some));
    Ok(answers.exec(db).await?.rows_affected)
}

/// Deletes the responses whose lifetime has passed.
pub async fn forget_old_answers(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::CreatedAt.lt(now.before(LIFETIME))).exec(&tx).await?;
    tx.commit().await
}
