//! [`Reader`]: a caller whose response takes long to send, such as an export. The permission is checked again in between.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

use super::caller::{Caller, Identity};
use super::refusal::{refused, role_required, session_invalid, setup_required};
use super::rule::Rule;
use crate::app::App;
use crate::audit::ReadCheck;
use crate::keys::{self, DenialReason, KeyId, Status};
use crate::limits::Exporter;
use crate::members::MemberId;
use crate::scopes::Scope;
use crate::security::FactorSetup;
use crate::sessions::{self, Session};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::ApiError;
use kit::secret::TokenDigest;

/// A caller and the rule by which they were admitted.
#[derive(Clone, Debug)]
pub struct Reader {
    app: App,
    /// The workspace of the member or key; of a test key not its sandbox.
    workspace: WorkspaceId,
    rule: Rule,
    credential: Credential,
}

#[derive(Clone, Copy, Debug)]
enum Credential {
    Session { digest: TokenDigest, member: MemberId },
    Key { id: KeyId, address: IpAddr },
}

impl Reader {
    pub(super) fn new(app: &App, caller: &Caller, rule: Rule, address: IpAddr) -> Self {
        let credential = match caller {
            Caller::Key(key) => Credential::Key { id: key.entry.id, address },
            Caller::Member(caller) => Credential::Session { digest: caller.session.digest, member: caller.member().id },
        };
        Self { app: app.clone(), workspace: caller.tenant().owner, rule, credential }
    }

    /// Returns the member or key, for the limit of running exports.
    pub fn exporter(&self) -> Exporter {
        match self.credential {
            Credential::Session { member, .. } => Exporter::Member(member),
            Credential::Key { id, .. } => Exporter::Key(id),
        }
    }
}

impl ReadCheck for Reader {
    fn account(&self) -> WorkspaceId {
        self.workspace
    }

    fn is_allowed(&self) -> BoxFuture<'_, DbResult<bool>> {
        Box::pin(async move { Ok(self.refusal(&[]).await?.is_none()) })
    }
}

impl Reader {
    /// Returns the refusal of a credential that is no longer valid, or no longer allows the same and what `scopes` name, by the
    /// database.
    pub async fn refusal(&self, scopes: &[Scope]) -> DbResult<Option<ApiError>> {
        let (app, now) = (&self.app, self.app.clock.now());
        match self.credential {
            Credential::Session { digest, .. } => {
                let session = sessions::find(app.db.read(), digest, now).await?;
                let session = session.filter(|session| session.member.workspace == self.workspace);
                let Some(Session { member, factor_setup, .. }) = session else { return Ok(Some(session_invalid())) };
                let mut rules = [self.rule].into_iter().chain(scopes.iter().map(|scope| Rule::Scope(*scope)));
                if let Some(rule) = rules.find(|rule| !rule.admits(member.role)) {
                    return Ok(Some(role_required(rule, member.role)));
                }
                Ok((factor_setup == FactorSetup::Required).then(setup_required))
            }
            Credential::Key { id, address } => {
                let key = keys::find(app.db.read(), self.workspace, id).await?;
                let reason = key.map_or(Some(DenialReason::Invalid), |key| match key.status(now) {
                    Status::Revoked => Some(DenialReason::Revoked),
                    Status::Expired => Some(DenialReason::Expired),
                    Status::Paused => Some(DenialReason::Paused),
                    Status::Active if !key.allowlist.admits(address) => Some(DenialReason::AddressNotAllowed),
                    Status::Active => {
                        let mut needed = self.rule.scope().into_iter().chain(scopes.iter().copied());
                        needed.find(|scope| !key.scopes.cover(*scope)).map(DenialReason::ScopeRequired)
                    }
                });
                Ok(reason.map(|reason| refused(reason, address)))
            }
        }
    }
}
