//! The section “Needs attention” of the first page.
//!
//! The template of the page imports `findings/parts.html` and calls the macro `attention` with what [`attention`] returns.

use crate::access::{ManageFindings, MemberCaller, Permission};
use crate::app::App;
use crate::findings::list;
use crate::findings::model::Top;
use kit::db::DbResult;

/// Returns the most urgent findings; `None` for a member who may not see them.
pub async fn attention(app: &App, caller: &MemberCaller, count: u32) -> DbResult<Option<Top>> {
    if !ManageFindings::RULE.admits(caller.member().role) {
        return Ok(None);
    }
    list::top(app.into(), &caller.tenant, count).await.map(Some)
}
