//! The JSON handler of the feed.

use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::model::{ChangesQuery, ChangesView, MOST, View};
use super::read::{Part, Wanted, read};
use crate::access::{Allowed, Caller, Identity, Permission, Rule};
use crate::app::App;
use crate::audit::feed;
use crate::limits::Wait;
use crate::scopes::{Module, Scope};
use kit::http::route::get;
use kit::http::{ApiError, Known, Query, Routes, WithEtag};
use kit::wakeups::{Subscription, Woken};

/// The time after which a call is answered that may not wait, as too many do.
const PAUSE: Duration = Duration::from_secs(1);

pub fn routes() -> Routes<App> {
    Routes::new(
        "Changes",
        [get("/api/v1/changes", "Follow changes", follow).fails(403, "SCOPE_REQUIRED").about(
            "What changed in the data of the workspace, in the order in which it changed. Store `next` of each response and send \
             it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the response comes with the next change.",
        )],
    )
}

/// The permission to follow the changes of modules that the caller may read.
#[derive(Clone, Copy, Debug)]
struct FollowChanges;

impl Permission for FollowChanges {
    type Caller = Caller;
    const RULE: Rule = Rule::ReadData;

    /// Returns the scope of the module, if the query names a single one: the usage of the key shows it.
    fn rule(request: &Parts) -> Result<Rule, ApiError> {
        let Ok(Query(query)) = Query::<ChangesQuery>::of(&request.uri) else { return Ok(Self::RULE) };
        Ok(match query.module.as_ref().map(|modules| modules.0.as_slice()) {
            Some([module]) => Rule::Scope(Scope::read(*module)),
            Some(_) | None => Self::RULE,
        })
    }
}

async fn follow(
    mut who: Allowed<FollowChanges>,
    State(app): State<App>,
    Query(query): Query<ChangesQuery>,
    known: Known,
) -> Result<WithEtag<ChangesView>, ApiError> {
    let modules = modules(&who, &app, &query)?;
    let scopes: Vec<Scope> = modules.iter().map(|module| Scope::read(*module)).collect();
    for scope in &scopes {
        who.count_use(&app, *scope);
    }
    let (view, limit) = (query.view.unwrap_or(View::Full), query.limit.unwrap_or(MOST));
    let (workspace, account) = (who.workspace(), who.caller().tenant().owner);
    let wanted = Wanted { workspace, is_sandbox: workspace != account, modules, view, limit };
    let wait = Duration::from_secs(query.wait.unwrap_or_default().into());
    // Before the first read, so that no commit is missed between both.
    let subscription = (!wait.is_zero()).then(|| feed::subscribe(&app, workspace));
    let mut part = read_part(&who, &app, &wanted, query.after).await?;
    require_known(query.after, &part)?;
    if let Some(subscription) = subscription.filter(|_| part.changes.is_empty()) {
        who.release_connection();
        let end = Instant::now() + wait;
        let refusal = if let Some(counted) = app.limits.wait(account) {
            part = next_part(&who, &app, &wanted, part, Waiting { subscription, counted: &counted, end }).await?;
            let _turn = counted.turn().await;
            refusal(&who, &app, &scopes).await?
        } else {
            // Otherwise a client that follows for ever would ask again and again.
            sleep_until(end.min(Instant::now() + PAUSE)).await;
            let _connection = app.limits.read(account).await?;
            refusal(&who, &app, &scopes).await?
        };
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
    }
    let Part { changes: items, next, latest } = part;
    Ok(known.answer(ChangesView { items, has_more: next < latest, next, latest }))
}

/// A call that waits for a change.
struct Waiting<'a> {
    subscription: Subscription,
    counted: &'a Wait,
    end: Instant,
}

/// Waits for the next part with changes, to the end of the wait or of the process. Holds no connection while it waits.
async fn next_part(
    who: &Allowed<FollowChanges>,
    app: &App,
    wanted: &Wanted,
    mut part: Part,
    waiting: Waiting<'_>,
) -> Result<Part, ApiError> {
    let Waiting { mut subscription, counted, end } = waiting;
    while part.changes.is_empty() && Instant::now() < end && !subscription.is_closed() {
        // A part that ends before the latest event is followed by others at once.
        if part.next >= part.latest && !matches!(timeout_at(end, subscription.woken()).await, Ok(Woken::ByWrite)) {
            break;
        }
        let Ok(_turn) = timeout_at(end, counted.turn()).await else { break };
        let _connection = app.limits.read(who.caller().tenant().owner).await?;
        part = read_part(who, app, wanted, part.next).await?;
    }
    Ok(part)
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
    // Boxed: the future of a call that waits holds no memory for a read.
    Ok(Box::pin(read(app.db.read(), wanted, after, who.day_of(app.clock.now()))).await?)
}

/// Returns the refusal of a caller who may not read any more, after a wait.
async fn refusal(who: &Allowed<FollowChanges>, app: &App, scopes: &[Scope]) -> Result<Option<ApiError>, ApiError> {
    Ok(Box::pin(who.reader(app).refusal(scopes)).await?)
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
