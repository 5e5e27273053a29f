//! The queries on the log.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use serde_json::Value;

use super::action::Action;
use super::actor::EventActor;
use super::authentication::EventAuthentication;
use super::chain::Hash;
use super::descriptions::{is_unusual, unusual_kinds};
use super::event::{Event, EventId};
use super::filter::{ActorFilter, EventFilter, Search, Which};
use super::tables::{event, head};
use super::target::EventTarget;
use crate::keys::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, contains, count_rows, find_row, find_rows, find_tuple, find_tuples, rows_of};
use kit::paging::{Page, Paging, Position, Start};

/// Lists a part of a workspace's events, the newest first.
pub async fn list(db: &impl Source, workspace: WorkspaceId, filter: &EventFilter, paging: Paging) -> DbResult<Page<Event>> {
    use event::Column;
    if *filter == EventFilter::default()
        && let Some(head) = head(db, workspace).await?
    {
        return page_of_all(db, &head, paging).await;
    }
    let of_key = filter.api_key_id.map(|key| Column::Sequence.in_subquery(about(workspace, key)));
    let unusual = (filter.which == Which::Unusual).then(|| Column::Sequence.in_subquery(unusual(workspace)));
    let indexed = EventFilter { which: Which::All, ..filter.clone() };
    let matching = event::Entity::find().filter(condition(workspace, &indexed).add_option(of_key).add_option(unusual));
    let (matching, total) = match paging.start {
        Start::Page(_) => (matching.clone(), Some(count_rows(db, matching).await?)),
        Start::After(last) => (matching.filter(Column::Sequence.lt(last.sequence())), None),
    };
    // The sequences first, mostly from an index alone: rows of earlier pages are not read.
    let numbers = matching.select_only().column(Column::Sequence).order_by_desc(Column::Sequence);
    // One more than asked for shows whether there are others.
    let numbers = numbers.offset(paging.offset()).limit(paging.limit() + 1);
    tracing::trace!(sql = %numbers.build(db.get_database_backend()), "a page of a list");
    let mut numbers: Vec<i64> = find_tuples::<_, (i64,)>(db, numbers).await?.into_iter().map(|(number,)| number).collect();
    let has_more = numbers.len() as u64 > paging.limit();
    numbers.truncate(paging.size as usize);
    let next = numbers.last().filter(|_| has_more).copied().map(Position::numbered);
    if numbers.is_empty() {
        return Ok(Page::new(Vec::new(), total, paging, next));
    }
    let rows = event::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Sequence.is_in(numbers));
    let rows = find_rows(db, rows.order_by_desc(Column::Sequence)).await?;
    Ok(Page::new(rows.into_iter().map(event_of).collect(), total, paging, next))
}

/// Lists a part of all events.
///
/// Sequences have no gaps: the last is the number of events, and a page is a range of sequences, in a log of any length.
/// A page has a hole if rows were deleted by other means, which `verify` reports.
async fn page_of_all(db: &impl Source, head: &head::Model, paging: Paging) -> DbResult<Page<Event>> {
    use event::Column;
    let total = u64::try_from(head.sequence).unwrap_or_default();
    let newest = match paging.start {
        Start::Page(_) => total.saturating_sub(paging.offset()),
        Start::After(last) => Ord::min(u64::try_from(last.sequence()).unwrap_or_default().saturating_sub(1), total),
    };
    let oldest = newest.saturating_sub(paging.limit()) + 1;
    let rows = event::Entity::find()
        .filter(Column::WorkspaceId.eq(head.workspace_id))
        .filter(Column::Sequence.between(oldest.cast_signed(), newest.cast_signed()))
        .order_by_desc(Column::Sequence);
    let next = (oldest > 1).then(|| Position::numbered(oldest.cast_signed()));
    Ok(Page::new(rows_of(db, rows).await?.into_iter().map(event_of).collect(), Some(total), paging, next))
}

/// Returns the first event after `sequence`.
pub(super) async fn next(db: &impl Source, workspace: WorkspaceId, sequence: i64) -> DbResult<Option<event::Model>> {
    find_row(db, matching(workspace, &EventFilter::default(), sequence, i64::MAX)).await
}

/// Returns the sequence of the last event that exists, whatever the head says.
pub(super) async fn last(db: &impl Source, workspace: WorkspaceId) -> DbResult<i64> {
    use event::Column;
    let mine = event::Entity::find().select_only().column(Column::Sequence).filter(Column::WorkspaceId.eq(workspace));
    let last: Option<(i64,)> = find_tuple(db, mine.order_by_desc(Column::Sequence)).await?;
    Ok(last.map_or(0, |(sequence,)| sequence))
}

/// Lists up to `limit` events after `sequence` and up to `until`, the oldest first.
pub(super) async fn between(
    db: &impl Source,
    workspace: WorkspaceId,
    filter: &EventFilter,
    sequence: i64,
    until: i64,
    limit: u64,
) -> DbResult<Vec<event::Model>> {
    find_rows(db, matching(workspace, filter, sequence, until).limit(limit)).await
}

/// Selects events after `sequence` and up to `until`, the oldest first.
pub(super) fn matching(workspace: WorkspaceId, filter: &EventFilter, sequence: i64, until: i64) -> Select<event::Entity> {
    use event::Column;
    // Checked row by row: the caller reads the log from one end to the other.
    let of_key = |key: KeyId| {
        let id = key.to_string();
        Condition::any().add(Column::ActorId.eq(&id)).add(Column::TargetId.eq(&id))
    };
    event::Entity::find()
        .filter(condition(workspace, filter).add_option(filter.api_key_id.map(of_key)))
        .filter(Column::Sequence.gt(sequence))
        .filter(Column::Sequence.lte(until))
        .order_by_asc(Column::Sequence)
}

/// Lists the events with one of these actions after the first sequence and up to the second, the oldest first.
pub(super) async fn of_actions(
    db: &impl Source,
    workspace: WorkspaceId,
    actions: &[Action],
    [after, until]: [i64; 2],
    limit: Option<u64>,
) -> DbResult<Vec<event::Model>> {
    use event::Column;
    let mine = event::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Sequence.between(after + 1, until));
    let of_actions = mine.filter(Column::Action.is_in(actions.iter().map(|action| action.as_str())));
    find_rows(db, of_actions.order_by_asc(Column::Sequence).limit(limit)).await
}

/// Finds an event with a sequence that no event can have.
pub(super) async fn before_the_first(db: &impl Source, workspace: WorkspaceId) -> DbResult<Option<event::Model>> {
    let mine = event::Entity::find().filter(event::Column::WorkspaceId.eq(workspace));
    find_row(db, mine.filter(event::Column::Sequence.lte(0)).order_by_asc(event::Column::Sequence)).await
}

/// Returns the sequences of those events whose time and details are stored in the form in which the log writes these. The
/// events are in the order of their sequences.
///
/// Several texts parse as the same time or the same JSON, but the filters compare the stored text.
pub(super) async fn as_written(
    db: &impl Source,
    workspace: WorkspaceId,
    events: Vec<(i64, Time, Value)>,
) -> DbResult<HashSet<i64>> {
    use event::Column;
    let form = Expr::tuple([Column::Sequence, Column::OccurredAt, Column::Details].map(Expr::col));
    let mine = event::Entity::find().select_only().column(Column::Sequence).filter(Column::WorkspaceId.eq(workspace));
    let ends = events.first().zip(events.last());
    let mine = mine.filter(Condition::all().add_option(ends.map(|(first, last)| Column::Sequence.between(first.0, last.0))));
    let found: Vec<(i64,)> = find_tuples(db, mine.filter(form.in_tuples(events))).await?;
    Ok(found.into_iter().map(|(sequence,)| sequence).collect())
}

pub(super) async fn head(db: &impl Source, workspace: WorkspaceId) -> DbResult<Option<head::Model>> {
    find_row(db, head::Entity::find_by_id(workspace)).await
}

/// Returns sequence and hash of a workspace's last event, by the head of its chain.
pub async fn last_link(db: &impl Source, workspace: WorkspaceId) -> DbResult<Option<(i64, Hash)>> {
    let head = head(db, workspace).await?;
    head.map(|head| Ok((head.sequence, stored_hash(&head.hash)?))).transpose()
}

/// Returns the sequence of the last event of each of these workspaces.
pub(super) async fn sequences(db: &impl Source, workspaces: &[WorkspaceId]) -> DbResult<Vec<(WorkspaceId, i64)>> {
    use head::Column;
    let mine = head::Entity::find().select_only().columns([Column::WorkspaceId, Column::Sequence]);
    find_tuples(db, mine.filter(Column::WorkspaceId.is_in(workspaces.iter().copied()))).await
}

/// Lists up to `limit` heads after that of `after`, in the order of workspace ids.
pub(super) async fn heads_after(db: &impl Source, after: Option<WorkspaceId>, limit: u64) -> DbResult<Vec<head::Model>> {
    let mut heads = head::Entity::find();
    if let Some(after) = after {
        heads = heads.filter(head::Column::WorkspaceId.gt(after));
    }
    find_rows(db, heads.order_by_asc(head::Column::WorkspaceId).limit(limit)).await
}

/// Returns the hash of one event, in hexadecimal.
pub async fn hash_at(db: &impl Source, workspace: WorkspaceId, sequence: i64) -> DbResult<Option<String>> {
    let one = event::Entity::find().filter(event::Column::WorkspaceId.eq(workspace)).filter(event::Column::Sequence.eq(sequence));
    Ok(find_row(db, one).await?.map(|row| hex::encode(row.hash)))
}

/// Lists ids and names of the 200 members removed last, in the order of names.
pub(super) async fn removed_members(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<(String, String)>> {
    use event::Column;
    let removals = event::Entity::find().select_only().columns([Column::TargetId, Column::TargetName]);
    let mine = removals.filter(Column::WorkspaceId.eq(workspace)).filter(Column::Action.eq(Action::MemberRemoved.as_str()));
    let latest = mine.order_by_desc(Column::Sequence).limit(200);
    let named: Vec<(Option<String>, Option<String>)> = find_tuples(db, latest).await?;
    let mut removed: Vec<_> = named.into_iter().filter_map(|(id, name)| Some((id?, name?))).collect();
    removed.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(removed)
}

/// Returns the name of an actor in their last event.
pub(super) async fn last_name_of(db: &impl Source, workspace: WorkspaceId, actor: &str) -> DbResult<Option<String>> {
    use event::Column;
    let theirs = event::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::ActorId.eq(actor));
    let names = theirs.select_only().column(Column::ActorName).order_by_desc(Column::Sequence);
    Ok(find_tuple::<_, (Option<String>,)>(db, names).await?.and_then(|(name,)| name))
}

/// Lists time and details of the latest denials of a key, the newest first.
pub(super) async fn latest_denials(
    db: &impl Source,
    workspace: WorkspaceId,
    key: &str,
    limit: u64,
) -> DbResult<Vec<(Time, Value)>> {
    use event::Column;
    let denied = [Action::KeyDenied, Action::KeyLeakedInUrl].map(Action::as_str);
    let of_key = event::Entity::find().select_only().columns([Column::OccurredAt, Column::Details]);
    let of_key = of_key.filter(Column::WorkspaceId.eq(workspace)).filter(Column::TargetId.eq(key));
    find_tuples(db, of_key.filter(Column::Action.is_in(denied)).order_by_desc(Column::Sequence).limit(limit)).await
}

/// Returns the first and the last event about a target; of one event, both are it.
pub(super) async fn first_and_last_about(db: &impl Source, workspace: WorkspaceId, target: &str) -> DbResult<[Option<Event>; 2]> {
    use event::Column;
    let about = event::Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::TargetId.eq(target));
    let [first, last] = [about.clone().order_by_asc(Column::Sequence), about.order_by_desc(Column::Sequence)];
    let (first, last) = (rows_of(db, first.limit(1)).await?, rows_of(db, last.limit(1)).await?);
    Ok([first, last].map(|found| found.into_iter().next().map(event_of)))
}

fn condition(workspace: WorkspaceId, filter: &EventFilter) -> Condition {
    use event::Column;
    Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add_option(filter.action.map(|action| Column::Action.eq(action.as_str())))
        .add_option(filter.outcome.map(|outcome| Column::Outcome.eq(outcome.as_str())))
        .add_option(filter.actor_id.map(|actor| match actor {
            ActorFilter::Operator | ActorFilter::Anonymous | ActorFilter::System => Column::ActorType.eq(actor.to_string()),
            ActorFilter::Member(_) | ActorFilter::ApiKey(_) => Column::ActorId.eq(actor.to_string()),
        }))
        .add_option(filter.target_id.as_ref().map(|target| Column::TargetId.eq(target)))
        .add_option(filter.date_from.map(|from| Column::OccurredAt.gte(from.0)))
        .add_option(filter.date_to.map(|until| Column::OccurredAt.lte(until.0)))
        .add_option((filter.which == Which::Unusual).then(is_unusual))
        .add_option(filter.topic.map(|topic| Column::Action.is_in(topic.actions().map(Action::as_str))))
        .add_option(filter.search.as_ref().map(found))
}

/// Returns the condition of the events that a search finds.
fn found(search: &Search) -> Condition {
    use event::Column;
    let text = search.text.as_str();
    let named = Condition::any().add(contains(Column::ActorName, text)).add(contains(Column::TargetName, text));
    let exactly = [Column::ActorId, Column::TargetId, Column::RequestId, Column::Ip].map(|column| column.eq(text));
    let id = text.parse::<EventId>().ok().map(|id| Column::Id.eq(id.0));
    let any = exactly.into_iter().fold(named, Condition::add).add_option(id);
    Condition::all().add(Column::Sequence.gt(search.after)).add(any)
}

/// Finds sequence and time of the `most`th event before the end of the log, or before `until`; `None` if there are fewer events.
pub(super) async fn reach(
    db: &impl Source,
    workspace: WorkspaceId,
    until: Option<Time>,
    most: u64,
) -> DbResult<Option<(i64, Time)>> {
    use event::Column;
    let mine = event::Entity::find().select_only().columns([Column::Sequence, Column::OccurredAt]);
    let mine = mine.filter(Column::WorkspaceId.eq(workspace));
    let mine = mine.filter(Condition::all().add_option(until.map(|until| Column::OccurredAt.lte(until))));
    find_tuple(db, mine.order_by_desc(Column::Sequence).offset(most)).await
}

/// Selects the sequences of events with the key as actor, and as target, each by an index of its own.
fn about(workspace: WorkspaceId, key: KeyId) -> SelectStatement {
    use event::Column;
    let of = |column: Column| {
        let mine = event::Entity::find().select_only().column(Column::Sequence).filter(Column::WorkspaceId.eq(workspace));
        mine.filter(column.eq(key.to_string())).into_query()
    };
    of(Column::ActorId).union(UnionType::Distinct, of(Column::TargetId)).take()
}

/// Selects the sequences of unusual events, those of each kind by an index of its own.
fn unusual(workspace: WorkspaceId) -> SelectStatement {
    let of = |kind: Condition| {
        let mine = event::Entity::find().select_only().column(event::Column::Sequence);
        mine.filter(event::Column::WorkspaceId.eq(workspace)).filter(kind).into_query()
    };
    let mut kinds = unusual_kinds().into_iter().map(of);
    // There is always one kind: denied events.
    let first = kinds.next().unwrap_or_default();
    kinds.fold(first, |mut all, kind| all.union(UnionType::Distinct, kind).take())
}

pub(super) fn event_of(row: event::Model) -> Event {
    Event {
        id: EventId(row.id),
        sequence: row.sequence,
        occurred_at: row.occurred_at,
        action: row.action,
        outcome: row.outcome,
        actor: EventActor { kind: row.actor_type, id: row.actor_id, name: row.actor_name },
        target: target_of(row.target_type, row.target_id, row.target_name),
        ip: row.ip,
        user_agent: row.user_agent,
        request_id: row.request_id,
        details: row.details,
        authentication: EventAuthentication::from_columns(row.auth_methods, row.auth_age_seconds),
        hash: hex::encode(row.hash),
    }
}

/// An id or a name without a type is a target, too: the hash covers everything that is stored.
pub(super) fn target_of(kind: Option<String>, id: Option<String>, name: Option<String>) -> Option<EventTarget> {
    let any = kind.is_some() || id.is_some() || name.is_some();
    any.then(|| EventTarget { kind: kind.unwrap_or_default(), id, name })
}

/// Reads a stored hash. Fails if it was altered to another length than 32 bytes.
pub(super) fn stored_hash(bytes: &[u8]) -> Result<Hash, DbErr> {
    bytes.try_into().map_err(|_| DbErr::Type("an audit hash that is not 32 bytes".to_owned()))
}
