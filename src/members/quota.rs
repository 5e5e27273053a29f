//! Quotas of members and of open invitations.

use super::error::Error;
use super::store;
use crate::audit::AuditedTx;
use crate::limits::Limit;

/// Fails if the workspace has its maximum of members. The operator, who sets the quota, is exempt.
pub(super) async fn require_seat(tx: &AuditedTx) -> Result<(), Error> {
    if tx.context().actor.is_operator() {
        return Ok(());
    }
    let members = store::count(tx.db(), tx.workspace()).await?;
    Ok(tx.limits().require_room(Limit::Members, members)?)
}

/// Fails if the workspace has its maximum of open invitations. The operator is exempt.
pub(super) async fn require_open_invitation(tx: &AuditedTx) -> Result<(), Error> {
    if tx.context().actor.is_operator() {
        return Ok(());
    }
    let open = store::count_invited(tx.db(), tx.workspace(), tx.now()).await?;
    Ok(tx.limits().require_room(Limit::Invitations, open)?)
}
