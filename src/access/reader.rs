//! [`Reader`]: a caller whose response takes long to send, such as an export. The permission is checked again in between.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

use super::caller::{Caller, Identity};
use super::rule::Rule;
use crate::app::App;
use crate::audit::ReadCheck;
use crate::keys::{self, KeyId, Status};
use crate::limits::Exporter;
use crate::members::MemberId;
use crate::security::FactorSetup;
use crate::sessions::{self, Session};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
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
        Box::pin(self.check())
    }
}

impl Reader {
    /// Returns whether the credential is still valid and still allows the same, by the database.
    async fn check(&self) -> DbResult<bool> {
        let (app, now) = (&self.app, self.app.clock.now());
        match self.credential {
            Credential::Session { digest, .. } => {
                let session = sessions::find(app.db.read(), digest, now).await?;
                Ok(session.is_some_and(|Session { member, factor_setup, .. }| {
                    member.workspace == self.workspace && self.rule.admits(member.role) && factor_setup != FactorSetup::Required
                }))
            }
            Credential::Key { id, address } => {
                let key = keys::find(app.db.read(), self.workspace, id).await?;
                Ok(key.is_some_and(|key| {
                    key.status(now) == Status::Active
                        && key.allowlist.admits(address)
                        && self.rule.scope().is_none_or(|scope| key.scopes.cover(scope))
                }))
            }
        }
    }
}
