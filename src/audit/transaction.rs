//! [`AuditedTx`]: a transaction whose changes commit together with the events that record them.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryTrait};
use serde_json::Value;

use super::action::{Action, Outcome};
use super::actor::{Actor, ActorKind};
use super::authentication::Authentication;
use super::authentication_start;
use super::chain::{self, GENESIS, Hash};
use super::chain_head;
use super::context::AuditContext;
use super::credential::BeginError;
use super::event::EventId;
use super::idempotency::{self, Claim};
use super::payloads::{self, Received};
use super::scrub::scrub;
use super::store;
use super::tables::{event, payload};
use super::target::Target;
use crate::core::Core;
use crate::limits::{NodeLimits, Permit};
use crate::sessions::AuthMethod;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Tx, in_powers};
use kit::random::Random;

/// The bytes that an event takes besides its text: about those of its hash, its row and its entries in six indexes.
const EVENT_OVERHEAD: usize = 500;

/// A write in progress. Dropping it without [`AuditedTx::commit`] rolls it back.
pub struct AuditedTx {
    core: Core,
    tx: Tx,
    /// Dropped after `tx`, as fields are dropped in their order.
    connection: Option<Permit>,
    workspace: WorkspaceId,
    context: AuditContext,
    now: Time,
    sequence: i64,
    hash: Hash,
    /// True if events carry the proof of identity of their actor.
    carries_authentication: bool,
    /// The event types that endpoints of the workspace receive.
    pub(super) received: Received,
    /// Buffered, as are the payloads; inserted in few statements at commit.
    pub(super) events: Vec<event::Model>,
    pub(super) payloads: Vec<payload::Model>,
    pub(super) claim: Option<Claim>,
    /// The bytes that it adds to the workspace's data, roughly.
    pub(super) stored: usize,
    after: Vec<Box<dyn FnOnce() + Send + Sync>>,
}

impl std::fmt::Debug for AuditedTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditedTx").field("workspace", &self.workspace).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl AuditedTx {
    /// Begins a transaction in `workspace`, and checks the credential of its request again, and its precondition.
    ///
    /// The head of the workspace's chain is locked until the end: writers of one workspace follow one another.
    pub async fn begin(core: &Core, workspace: WorkspaceId, context: AuditContext) -> Result<Self, BeginError> {
        let connection = core.limits.write(context.account.unwrap_or(workspace)).await?;
        let tx = core.db.begin().await?;
        Self::lock(core, tx, Some(connection), workspace, context).await?.checked().await
    }

    /// Begins a transaction as [`AuditedTx::begin`] does, in which nothing else is written in the workspace `sandbox` either.
    ///
    /// The log of the sandbox is locked first: while the transaction waits for that, other writes of the workspace do not.
    pub async fn begin_with_sandbox(
        core: &Core,
        (workspace, sandbox): (WorkspaceId, WorkspaceId),
        context: AuditContext,
    ) -> Result<Self, BeginError> {
        let connection = core.limits.write(context.account.unwrap_or(workspace)).await?;
        let tx = core.db.begin().await?;
        chain_head::lock(&tx, sandbox).await?;
        Self::lock(core, tx, Some(connection), workspace, context).await?.checked().await
    }

    /// Begins a transaction that takes access away, or signs somebody in.
    ///
    /// The transaction begins below the disk watermark, despite an earlier fault of the storage, and ahead of the workspace's
    /// other writes. It still fails if the storage fails.
    pub async fn begin_essential(core: &Core, workspace: WorkspaceId, context: AuditContext) -> Result<Self, BeginError> {
        let tx = core.db.begin_essential().await?;
        Self::lock(core, tx, None, workspace, context).await?.checked().await
    }

    /// Begins a transaction of this product itself, outside any request: no credential is checked.
    pub async fn begin_system(core: &Core, workspace: WorkspaceId) -> DbResult<Self> {
        let connection = core.limits.write(workspace).await?;
        let tx = core.db.begin().await?;
        Self::lock(core, tx, Some(connection), workspace, AuditContext::system()).await
    }

    /// Begins an essential transaction of this product itself, outside any request.
    pub async fn begin_essential_system(core: &Core, workspace: WorkspaceId) -> DbResult<Self> {
        let tx = core.db.begin_essential().await?;
        Self::lock(core, tx, None, workspace, AuditContext::system()).await
    }

    /// Locks the head of the workspace's chain.
    async fn lock(
        core: &Core,
        tx: Tx,
        connection: Option<Permit>,
        workspace: WorkspaceId,
        context: AuditContext,
    ) -> DbResult<Self> {
        let head = chain_head::lock(&tx, workspace).await?;
        let (sequence, hash, received) = (head.sequence, store::stored_hash(&head.hash)?, Received::new(head.event_types));
        let carries_authentication = authentication_start::has_begun(core, &tx).await?;
        let begun = Self::new(core, tx, connection, workspace, context, (sequence, hash));
        Ok(Self { carries_authentication, received, ..begun })
    }

    async fn checked(self) -> Result<Self, BeginError> {
        self.context.check(&self.tx, self.now).await?;
        Ok(self)
    }

    fn new(
        core: &Core,
        tx: Tx,
        connection: Option<Permit>,
        workspace: WorkspaceId,
        context: AuditContext,
        (sequence, hash): (i64, Hash),
    ) -> Self {
        Self {
            core: core.clone(),
            tx,
            connection,
            workspace,
            context,
            // Read after the lock, so that the times of a workspace's events follow their order.
            now: core.clock.now(),
            sequence,
            hash,
            carries_authentication: false,
            received: Received::default(),
            events: Vec::new(),
            payloads: Vec::new(),
            claim: None,
            stored: 0,
            after: Vec::new(),
        }
    }

    /// Continues the transaction that creates a workspace, and begins the workspace's log.
    pub async fn begin_log(core: &Core, tx: Tx, workspace: WorkspaceId, context: AuditContext) -> DbResult<Self> {
        chain_head::insert(&tx, workspace).await?;
        Ok(Self::new(core, tx, None, workspace, context, (0, GENESIS)))
    }

    /// Begins the log of another workspace, which this transaction creates, with an event.
    pub async fn open_log_of(&mut self, workspace: WorkspaceId, action: Action, target: Target, details: Value) -> DbResult<()> {
        chain_head::insert(&self.tx, workspace).await?;
        self.record_in(workspace, action, target, details).await
    }

    /// Records a successful action in the log of another workspace, whose head this transaction has locked.
    pub async fn record_in(&mut self, workspace: WorkspaceId, action: Action, target: Target, details: Value) -> DbResult<()> {
        let head = chain_head::lock(&self.tx, workspace).await?;
        let own = (self.workspace, self.sequence, self.hash);
        (self.workspace, self.sequence, self.hash) = (workspace, head.sequence, store::stored_hash(&head.hash)?);
        self.record(action, Some(target), details);
        chain_head::set(&self.tx, workspace, (self.sequence, self.hash)).await?;
        (self.workspace, self.sequence, self.hash) = own;
        let core = self.core.clone();
        self.after_commit(move || core.commits.wake(&workspace));
        Ok(())
    }

    /// Returns the transaction, for a store.
    pub fn db(&self) -> &Tx {
        &self.tx
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Returns the sequence of the last event, those of this transaction included.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    pub fn context(&self) -> &AuditContext {
        &self.context
    }

    /// Returns the id of the actor for a payload: of a member or a key, or `operator` or `system`.
    pub fn actor_id(&self) -> String {
        self.context.actor.clone().into_id_and_name().0
    }

    /// Returns the time of all events in the transaction.
    pub fn now(&self) -> Time {
        self.now
    }

    pub fn core(&self) -> &Core {
        &self.core
    }

    pub fn random(&self) -> &Random {
        &self.core.random
    }

    pub fn limits(&self) -> &NodeLimits {
        &self.core.limits
    }

    /// Changes the actor of the events that are recorded from here on.
    pub fn act_for(&mut self, context: AuditContext) {
        self.context = context;
    }

    /// Notes that the actor has proved who they are by `methods`, for the events that are recorded from here on.
    pub fn prove(&mut self, methods: &[AuthMethod]) {
        self.context.authentication = Some(Authentication { methods: methods.to_vec(), at: self.now });
    }

    /// Records a successful action.
    pub fn record(&mut self, action: Action, target: Option<Target>, details: Value) {
        self.record_as(action, Outcome::Success, target, details);
    }

    /// Records a successful action without its actor, address and request, for a caller to whom secrecy was promised.
    ///
    /// A response that would be kept under the caller's name is not kept: it would lead from the caller to the action. For
    /// a replay to work all the same, the transaction must begin without a name, too.
    pub fn record_unnamed(&mut self, action: Action, target: Option<Target>, details: Value) {
        self.claim.take_if(|claim| claim.names_someone());
        let context = std::mem::replace(&mut self.context, AuditContext::of(Actor::ANONYMOUS));
        self.record(action, target, details);
        self.context = context;
    }

    /// Records an action with its outcome.
    pub fn record_as(&mut self, action: Action, outcome: Outcome, target: Option<Target>, details: Value) {
        let (target_type, target_id, target_name) = match target {
            Some(Target { kind, id, name }) => (Some(kind.as_str().to_owned()), Some(id), Some(name)),
            None => (None, None, None),
        };
        let is_person = self.context.actor.kind == ActorKind::Member && self.carries_authentication;
        let proof = self.context.authentication.as_ref().filter(|_| is_person);
        let (auth_methods, auth_age_seconds) = proof.map(|proof| proof.columns(self.now)).unzip();
        let mut row = event::Model {
            id: EventId::new(self.now, &self.core.random).0,
            workspace_id: self.workspace,
            sequence: self.sequence + 1,
            occurred_at: self.now,
            action: action.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            actor_type: self.context.actor.kind.as_str().to_owned(),
            actor_id: self.context.actor.id.clone(),
            actor_name: self.context.actor.name.clone(),
            target_type,
            target_id,
            target_name,
            ip: self.context.ip.map(|ip| ip.to_string()),
            user_agent: self.context.user_agent.clone(),
            request_id: self.context.request_id.clone(),
            details,
            auth_methods,
            auth_age_seconds,
            hash: Vec::new(),
        };
        scrub(&mut row);
        let (hash, length) = chain::link_sized(&self.hash, &store::event_of(row.clone()));
        row.hash = hash.to_vec();
        self.add_stored(length + EVENT_OVERHEAD);
        self.events.push(row);
        (self.sequence, self.hash) = (self.sequence + 1, hash);
    }

    /// Runs `action` after the transaction has committed, before [`AuditedTx::commit`] returns. It must not block.
    pub fn after_commit(&mut self, action: impl FnOnce() + Send + Sync + 'static) {
        self.after.push(Box::new(action));
    }

    pub async fn commit(self) -> DbResult<()> {
        Box::pin(self.finish(None)).await
    }

    /// Rolls back. What it has read is stored when it returns: use it, instead of dropping the transaction, before something is
    /// done with that.
    pub async fn rollback(self) -> DbResult<()> {
        let Self { tx, connection: _permit, .. } = self;
        tx.rollback().await
    }

    /// Commits, and keeps the status and the body of the response, if they are given.
    pub(super) async fn finish(self, answer: Option<(u16, String)>) -> DbResult<()> {
        let backend = self.tx.get_database_backend();
        let insert = move |events: Vec<event::Model>| {
            event::Entity::insert_many(events.into_iter().map(IntoActiveModel::into_active_model)).build(backend)
        };
        let mut parts: Vec<_> = in_powers(self.events).collect();
        // Together with the head, in as many different statements as there are powers of two.
        let last = parts.pop();
        for events in parts {
            self.tx.execute_raw(insert(events)).await?;
        }
        let mut rows = last.as_ref().map_or(0, Vec::len) as u64;
        let mut writes = Vec::from_iter(last.map(insert));
        if let (Some(claim), Some(answer)) = (self.claim, answer) {
            writes.push(idempotency::keeping(backend, self.workspace, claim, answer, self.now));
            rows += 1;
        }
        writes.push(chain_head::setting(backend, self.workspace, (self.sequence, self.hash)));
        if self.tx.execute_together(writes).await? <= rows {
            return Err(DbErr::RecordNotUpdated);
        }
        let has_payloads = !self.payloads.is_empty();
        payloads::insert(&self.tx, self.payloads).await?;
        let _permit = self.tx.hand_on(self.connection);
        self.tx.commit().await?;
        if has_payloads {
            self.core.published.mark(self.workspace);
        }
        let moment = self.core.limits.moment(self.core.clock.ticks());
        self.core.limits.charge(self.context.account.unwrap_or(self.workspace), self.stored as u64, moment);
        self.after.into_iter().for_each(|action| action());
        self.core.commits.wake(&self.workspace);
        Ok(())
    }
}
