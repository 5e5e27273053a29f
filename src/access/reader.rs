//! A caller who reads for longer than a request takes to be admitted, such as an export: whether they still may is asked
//! again in between.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

use super::allowed::Caller;
use super::permission::Rule;
use crate::app::App;
use crate::audit::ReadCheck;
use crate::keys::{self, KeyId, Status};
use crate::limits::Exporter;
use crate::members::MemberId;
use crate::sessions;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::secret::TokenDigest;

/// A caller and the rule they were admitted by.
#[derive(Clone, Debug)]
pub struct Reader {
    app: App,
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
    pub(super) fn new(app: &App, caller: &Caller, rule: Rule, address: IpAddr) -> Option<Self> {
        let (workspace, credential) = match caller {
            Caller::Anyone => return None,
            Caller::Key { entry, .. } => (entry.tenant.id, Credential::Key { id: entry.id, address }),
            Caller::Member { member, tenant, session } => {
                (tenant.id, Credential::Session { digest: *session, member: member.id })
            }
        };
        Some(Self { app: app.clone(), workspace, rule, credential })
    }

    /// The member or key.
    pub fn exporter(&self) -> Exporter {
        match self.credential {
            Credential::Session { member, .. } => Exporter::Member(member),
            Credential::Key { id, .. } => Exporter::Key(id),
        }
    }
}

impl ReadCheck for Reader {
    fn is_allowed(&self) -> BoxFuture<'_, DbResult<bool>> {
        Box::pin(self.check())
    }
}

impl Reader {
    async fn check(&self) -> DbResult<bool> {
        let (app, now) = (&self.app, self.app.clock.now());
        match self.credential {
            Credential::Session { digest, .. } => {
                let member = sessions::current(app.db.read(), digest, now).await?;
                Ok(member.is_some_and(|member| member.workspace == self.workspace && self.rule.admits(member.role)))
            }
            Credential::Key { id, address } => {
                let key = keys::find_by_id_or_name(app.db.read(), self.workspace, &id.to_string(), now).await?;
                Ok(key.is_some_and(|key| {
                    key.status(now) == Status::Active
                        && key.allowlist.admits(address)
                        && self.rule.scope().is_none_or(|scope| key.scopes.cover(scope))
                }))
            }
        }
    }
}
