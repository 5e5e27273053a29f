//! Resets of a member's password or second factors by an administrator. The operator's are in `cli`.

use super::{ResetLink, make_reset_link_in};
use crate::audit::{AuditContext, AuditedTx};
use crate::auth::Error;
use crate::auth::factors::{FactorError, TwoFactorReset, reset_two_factor_in};
use crate::core::Core;
use crate::members::{self, ActingRole, Member, MemberId};
use crate::workspaces::WorkspaceId;
use kit::http::ApiError;
use kit::text::sentence;

/// The member whose password or factors are reset, and who resets them.
#[derive(Clone, Copy, Debug)]
pub struct ResetOf {
    pub workspace: WorkspaceId,
    pub member: MemberId,
    pub caller: MemberId,
    pub role: ActingRole,
}

/// The reason why nothing was reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// A person has other ways for what is their own.
    #[error("change your own password and second factors under Profile & Security")]
    Own,
    /// The member is unknown, or an account owner.
    #[error(transparent)]
    Member(#[from] members::Error),
    #[error(transparent)]
    Factor(#[from] FactorError),
    #[error(transparent)]
    Password(#[from] Error),
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Own => Self::conflict(sentence(error)),
            ResetError::Member(error) => error.into(),
            ResetError::Factor(error) => error.into(),
            ResetError::Password(error) => error.into(),
        }
    }
}

impl ResetOf {
    /// Removes the second factors of the member, whose next sign-in asks for the code.
    pub async fn two_factor(self, core: &Core, context: AuditContext) -> Result<TwoFactorReset, ResetError> {
        let (tx, member) = self.begin(core, context).await?;
        Ok(reset_two_factor_in(tx, member).await?)
    }

    /// Makes a link by which the member sets a new password. The present one stops working.
    pub async fn password(self, core: &Core, context: AuditContext) -> Result<(Member, ResetLink), ResetError> {
        let (tx, member) = self.begin(core, context).await?;
        let link = make_reset_link_in(tx, &member).await?;
        Ok((member, link))
    }

    /// Begins the transaction. The role of the member is judged under its lock: they may be made an account owner meanwhile.
    async fn begin(self, core: &Core, context: AuditContext) -> Result<(AuditedTx, Member), ResetError> {
        let tx = AuditedTx::begin_essential(core, self.workspace, context).await.map_err(Error::from)?;
        let found = members::find(tx.db(), self.workspace, self.member).await.map_err(members::Error::from)?;
        let member = found.ok_or(members::Error::NotFound)?;
        if member.id == self.caller {
            return Err(ResetError::Own);
        }
        self.role.require(member.role)?;
        Ok((tx, member))
    }
}
