//! The checks of credentials in the transaction of a write.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::audit::{AuditContext, BeginError, BeginRefusal, CredentialCheck, CredentialLoss};
use crate::keys::{self, DeniedRequest, EntryRef, Recorder};
use crate::members::Role;
use crate::request_context::RequestContext;
use crate::requests::KeyRefusal;
use crate::scopes::Scope;
use crate::security::FactorSetup;
use crate::sessions;
use kit::clock::Time;
use kit::db::{DbResult, Tx};
use kit::secret::TokenDigest;

/// A session, with the role that the permission was granted for, and the member's need to set up a second factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionCheck {
    pub(super) session: TokenDigest,
    pub(super) role: Role,
    pub(super) factor_setup: FactorSetup,
}

impl CredentialCheck for SessionCheck {
    fn check<'a>(&'a self, tx: &'a Tx, _: &'a AuditContext, now: Time) -> BoxFuture<'a, Result<(), BeginError>> {
        Box::pin(sessions::require(tx, self.session, (self.role, self.factor_setup), now))
    }
}

/// An API key, with the scope that the request needs and the client's address.
#[derive(Clone, Debug)]
pub(super) struct KeyCheck {
    pub(super) recorder: Arc<Recorder>,
    pub(super) entry: EntryRef,
    pub(super) scope: Option<Scope>,
    pub(super) address: IpAddr,
    /// The request on which a refusal is noted; `None` if the write does not name it.
    pub(super) request: Option<RequestContext>,
}

impl CredentialCheck for KeyCheck {
    fn check<'a>(&'a self, tx: &'a Tx, context: &'a AuditContext, now: Time) -> BoxFuture<'a, Result<(), BeginError>> {
        let request = DeniedRequest {
            address: self.address,
            now,
            request_id: context.request_id.as_deref().unwrap_or_default(),
            user_agent: context.user_agent.clone(),
        };
        Box::pin(async move {
            let checked = keys::require(&self.recorder, tx, &self.entry, self.scope, request).await;
            if let Err(BeginError::Denied(BeginRefusal::Credential(CredentialLoss::Key(reason)))) = &checked
                && let Some(request) = &self.request
            {
                request.note_refusal(KeyRefusal::new(self.entry.clone(), *reason, self.scope));
            }
            checked
        })
    }

    fn idempotency_peers<'a>(&'a self, tx: &'a Tx, since: Time) -> BoxFuture<'a, DbResult<Vec<String>>> {
        Box::pin(async move {
            let chain = keys::sharing_idempotency_keys(tx, &self.entry, since).await?;
            Ok(chain.into_iter().map(|key| key.to_string()).collect())
        })
    }
}
