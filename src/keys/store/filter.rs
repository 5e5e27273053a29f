//! Conditions of the filters of a list of keys.

use sea_orm::sea_query::{Expr, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ExprTrait};

use super::custody::custodian;
use super::names::FORMS;
use super::{has_status, is_live};
use crate::keys::model::{EXPIRING, IDLE, KeyProperty, KeySearch, Only, SETTLING, Status, part_of_hint};
use crate::keys::tables::key::{Column, Entity};
use crate::keys::tables::last_use;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{contains, padded};

/// The condition of a workspace's keys, for a query that finds a few keys by another column.
///
/// SQLite takes an equality with the workspace for more selective than a list of ids, and would read every key of the workspace.
pub(in crate::keys) fn is_of(workspace: WorkspaceId) -> SimpleExpr {
    Column::WorkspaceId.ne(workspace).not()
}

/// Returns the condition of the keys that a list shows.
pub(super) fn matches(workspace: WorkspaceId, status: Option<Status>, search: &KeySearch, only: &Only, now: Time) -> Condition {
    let found = match search {
        KeySearch::Anything => Condition::all(),
        KeySearch::Text(text) => {
            let hint = part_of_hint(text).map(|part| contains(Column::Hint, &part));
            FORMS.finds(text, Column::NameFolded, &[Column::Name]).add_option(hint)
        }
        KeySearch::Secret(digest) => Condition::all().add(Column::Digest.eq(digest.0.to_vec())),
        KeySearch::Keys(ids) => Condition::all().add(Column::Id.is_in(padded(ids.clone()))),
    };
    let of_workspace = match search {
        KeySearch::Keys(_) => is_of(workspace),
        KeySearch::Anything | KeySearch::Text(_) | KeySearch::Secret(_) => Column::WorkspaceId.eq(workspace),
    };
    let of_workspace = Condition::all().add(of_workspace);
    of_workspace.add_option(status.map(|status| has_status(status, now))).add(has_properties(only, now)).add(found)
}

fn has_properties(only: &Only, now: Time) -> Condition {
    let mut condition = Condition::all().add_option(only.custodian.map(|member| custodian().eq(member.to_string())));
    if let Some(scopes) = only.scopes() {
        condition = condition.add(Column::Scopes.into_expr().bit_and(scopes.bits().cast_signed()).ne(0_i16));
    }
    for property in &only.properties {
        condition = condition.add(match property {
            KeyProperty::Unused => is_unused(now),
            KeyProperty::Expiring => Condition::all()
                .add(Column::RevokedAt.is_null())
                .add(Column::ExpiresAt.gt(now))
                .add(Column::ExpiresAt.lte(now.after(EXPIRING))),
            KeyProperty::NoExpiration => Condition::all().add(Column::ExpiresAt.is_null()),
            KeyProperty::Test => Condition::all().add(Column::SandboxId.is_not_null()),
            // In the scopes above.
            KeyProperty::CanWrite => Condition::all(),
        });
    }
    condition
}

/// The condition of keys that can be used and are not. A look-up by key: there is one row for each key that was ever used.
fn is_unused(now: Time) -> Condition {
    let used = Query::select()
        .expr(Expr::val(1))
        .from(last_use::Entity)
        .and_where(Expr::col((last_use::Entity, last_use::Column::KeyId)).equals((Entity, Column::Id)))
        .and_where(last_use::Column::At.gt(now.before(IDLE)))
        .take();
    is_live(now).add(Column::CreatedAt.lte(now.before(SETTLING))).add(Expr::exists(used).not())
}
