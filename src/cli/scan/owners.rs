//! The keys that secrets belong to, of any workspace: the operator may see all of them.

use std::collections::HashMap;
use std::fmt::{self, Display};

use super::findings::{Finding, Findings};
use crate::app::App;
use crate::cli::database::operator;
use crate::cli::output::Failure;
use crate::keys::{self, Error, Key, KeyId, Reason, RevokeKey, Status};
use crate::workspaces;
use key_format::SecretDigest;

/// The reason in the audit log of a key that a scan revokes.
const REASON: &str = "Found by planeconnection keys scan";

/// The key that a secret belongs to.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) id: KeyId,
    pub(super) name: String,
    /// The slug of the workspace.
    pub(super) workspace: String,
    /// After the scan.
    pub(super) status: Status,
    is_live: bool,
    pub(super) is_revoked_now: bool,
}

impl Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, workspace, status, is_revoked_now, .. } = self;
        let now = if *is_revoked_now { " now" } else { "" };
        write!(f, "{}{now}  “{name}” of {workspace} ({id})", status.as_str())
    }
}

/// The owners of the secrets that were found.
pub(super) struct Owners(HashMap<[u8; 32], Owner>);

impl Owners {
    /// Looks the secrets up by their digests. Revokes the keys that work, if that is wanted; a key that cannot be revoked is a
    /// problem, and does not keep the others from it.
    pub(super) async fn find(app: &App, findings: &mut Findings, is_revoking: bool) -> Result<Self, Failure> {
        let digests: Vec<_> = findings.list.iter().map(|finding| finding.digest).collect();
        let slugs: HashMap<_, _> =
            workspaces::all(app.db.read()).await?.into_iter().map(|workspace| (workspace.id, workspace.slug)).collect();
        let now = app.clock.now();
        let mut owners = HashMap::new();
        for key in keys::find_by_digests(app.db.read(), digests).await? {
            let is_live = key.status(now).is_live();
            let workspace = slugs.get(&key.workspace).map(ToString::to_string).unwrap_or_default();
            let (mut status, mut is_revoked_now) = (key.status(now), false);
            if is_live && is_revoking {
                match revoke(app, &key).await {
                    Ok(revoked) => (status, is_revoked_now) = (revoked, true),
                    Err(Error::NotActive(ended)) => status = ended,
                    // Somebody else has deleted it meanwhile.
                    Err(Error::NotFound) => {}
                    Err(error) => {
                        findings.problem(&format!("key {}", key.id), format!("cannot revoke it: {}", Failure::from(error)));
                    }
                }
            }
            let SecretDigest(digest) = key.digest;
            let owner = Owner { id: key.id, name: key.name, workspace, status, is_live, is_revoked_now };
            owners.insert(digest, owner);
        }
        Ok(Self(owners))
    }

    pub(super) fn of(&self, finding: &Finding) -> Option<&Owner> {
        self.0.get(&finding.digest.0)
    }

    /// Counts the keys that worked when they were found.
    pub(super) fn live(&self) -> u64 {
        self.0.values().filter(|owner| owner.is_live).count() as u64
    }

    pub(super) fn revoked_now(&self) -> u64 {
        self.0.values().filter(|owner| owner.is_revoked_now).count() as u64
    }
}

/// Revokes a key by the service of `keys revoke`: every node refuses it afterwards.
async fn revoke(app: &App, key: &Key) -> Result<Status, Error> {
    let reason: Option<Reason> = REASON.parse().ok();
    let revoked = keys::revoke(&app.keys, key.workspace, operator(), key.id, RevokeKey { reason }).await?;
    Ok(revoked.status(app.clock.now()))
}
