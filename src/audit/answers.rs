//! The transaction of a request that may be repeated: it looks for the answer to the first request, and keeps its own.

use sea_orm::DbErr;
use serde::Serialize;

use super::context::AuditContext;
use super::credential::BeginError;
use super::idempotency::{self, Claim, IdempotencyOutcome};
use super::scrub::take_secrets_out;
use super::transaction::AuditedTx;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::IdempotencyKey;

impl AuditedTx {
    /// Begins a transaction as [`AuditedTx::begin`] does, for a request that may be a replay.
    pub async fn begin_idempotent(
        core: &Core,
        workspace: WorkspaceId,
        context: AuditContext,
        key: Option<IdempotencyKey>,
    ) -> Result<(Self, IdempotencyOutcome), BeginError> {
        let mut tx = Self::begin(core, workspace, context).await?;
        let Some(key) = key else { return Ok((tx, IdempotencyOutcome::Fresh)) };
        let mut claim = Claim::new(&tx.context().actor, key);
        if let Some(credential) = tx.context().credential.as_ref().filter(|_| claim.names_someone()) {
            claim.share_with(credential.idempotency_peers(tx.db(), tx.now().before(idempotency::LIFETIME)).await?);
        }
        let outcome = idempotency::look_up(tx.db(), workspace, &claim, tx.now()).await?;
        tx.claim = Some(claim);
        Ok((tx, outcome))
    }

    /// Commits, and keeps the response for a replay of the request.
    pub async fn commit_answering(mut self, status: u16, data: &(impl Serialize + Sync)) -> DbResult<()> {
        let answer = if self.claim.is_some() {
            let mut body = serde_json::to_string(data).map_err(|error| DbErr::Json(error.to_string()))?;
            // Of the row, as add_row counts it, and of the kept response.
            self.add_stored(body.len());
            take_secrets_out(&mut body);
            self.add_stored(body.len());
            Some((status, body))
        } else {
            self.add_row(data)?;
            None
        };
        // In memory of its own: this future is a part of many others.
        Box::pin(self.finish(answer)).await
    }
}
