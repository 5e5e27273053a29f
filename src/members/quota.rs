//! Quotas of members and of open invitations.

use super::error::Error;
use super::store;
use crate::audit::Work;
use crate::limits::Limit;

/// Refuses one member more than the workspace may have; the operator, who sets the quota, may add them all the same.
pub(super) async fn require_seat(work: &Work) -> Result<(), Error> {
    if work.by().actor.is_operator() {
        return Ok(());
    }
    let members = store::count(work.tx(), work.workspace()).await?;
    Ok(work.app().budgets.require_room(Limit::Members, members)?)
}

/// Refuses one open invitation more than the workspace may have.
pub(super) async fn require_open_invitation(work: &Work) -> Result<(), Error> {
    if work.by().actor.is_operator() {
        return Ok(());
    }
    let open = store::count_invited(work.tx(), work.workspace(), work.now()).await?;
    Ok(work.app().budgets.require_room(Limit::Invitations, open)?)
}
