//! The person of a page, as the services need them.

use crate::access::{MemberPermission, PageSession, Permission};
use crate::app::App;
use crate::members::invitations::Inviter;
use crate::members::service::ActingRole;

pub(super) fn acting<P: Permission>(who: &PageSession<P>) -> ActingRole {
    ActingRole(who.member().role)
}

pub(super) fn inviter<P: MemberPermission>(app: &App, who: &PageSession<P>) -> Inviter {
    Inviter { role: acting(who), is_recent: who.is_recent(app) }
}
