//! The JSON handler of the feed.

use std::time::Duration;

use axum::extract::State;
use tokio::time::{Instant, timeout_at};

use super::model::{ChangesQuery, ChangesView, USUAL, View};
use super::read::{Part, Wanted, read};
use crate::access::{Allowed, FollowChanges, Identity};
use crate::app::App;
use crate::audit::feed;
use crate::limits::Wait;
use crate::scopes::{Module, Scope};
use kit::http::route::get;
use kit::http::{ApiError, JsonOk, Query, Routes};
use kit::wakeups::Woken;

pub fn routes() -> Routes<App> {
    Routes::new(
        "Changes",
        [get("/api/v1/changes", "Follow changes", follow).fails(403, "SCOPE_REQUIRED").about(
            "What changed in the data of the workspace, in the order in which it changed. Store `next` of each response and send \
             it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the response comes with the next change.",
        )],
    )
}

async fn follow(
    mut who: Allowed<FollowChanges>,
    State(app): State<App>,
    Query(query): Query<ChangesQuery>,
) -> Result<JsonOk<ChangesView>, ApiError> {
    let modules = modules(&who, &app, &query)?;
    let (view, limit) = (query.view.unwrap_or(View::Full), query.limit.unwrap_or(USUAL));
    let wanted = Wanted { workspace: who.workspace(), modules, view, limit };
    let wait = Duration::from_secs(query.wait.unwrap_or_default().into());
    let (end, account) = (Instant::now() + wait, who.caller().tenant().owner);
    // Before the first read, so that no commit is missed between both.
    let mut subscription = (!wait.is_zero()).then(|| feed::subscribe(&app, wanted.workspace));
    let mut part = read_part(&who, &app, &wanted, query.after).await?;
    require_known(query.after, &part)?;
    let mut counted: Option<Wait> = None;
    while let Some(subscription) = subscription.as_mut().filter(|_| part.changes.is_empty()) {
        // A part that ends before the latest event is followed by others at once.
        if part.next >= part.latest {
            counted = counted.or_else(|| app.limits.wait(account));
            who.release_connection();
            if counted.is_none() || !matches!(timeout_at(end, subscription.woken()).await, Ok(Woken::ByWrite)) {
                break;
            }
        } else if Instant::now() >= end {
            break;
        }
        // The number of these is limited by that of the calls that wait.
        let _connection = app.limits.read_in_background(account).await;
        if let Some(refusal) = who.reader(&app).refusal().await? {
            return Err(refusal);
        }
        part = read_part(&who, &app, &wanted, part.next).await?;
    }
    let Part { changes: items, next, latest } = part;
    Ok(JsonOk(ChangesView { items, has_more: next < latest, next, latest }))
}

/// Returns the modules of the response; fails if the caller may not read one that the query names, or none at all.
fn modules(who: &Allowed<FollowChanges>, app: &App, query: &ChangesQuery) -> Result<Vec<Module>, ApiError> {
    if let Some(named) = &query.module {
        for module in &named.0 {
            who.require(app, Scope::read(*module))?;
        }
        return Ok(named.0.clone());
    }
    let readable: Vec<Module> = Module::DATA.into_iter().filter(|module| who.may(Scope::read(*module))).collect();
    if readable.is_empty() {
        who.require(app, Scope::read(Module::Trips))?;
    }
    Ok(readable)
}

async fn read_part(who: &Allowed<FollowChanges>, app: &App, wanted: &Wanted, after: i64) -> Result<Part, ApiError> {
    Ok(read(app.db.read(), wanted, after, who.day_of(app.clock.now())).await?)
}

/// Fails if the feed ends before `after`: its number is from another workspace, or the data was restored from a backup.
fn require_known(after: i64, part: &Part) -> Result<(), ApiError> {
    if after <= part.latest {
        return Ok(());
    }
    let message = format!(
        "It is past the latest change, {}. It belongs to another workspace, or the data was restored from a backup: read the lists \
         again, then go on from there.",
        part.latest
    );
    Err(ApiError::invalid_field("after", message))
}
