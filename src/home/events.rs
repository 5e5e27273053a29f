//! The latest events of the audit log, the unusual ones first.

use crate::audit::{self, Event, EventFilter, Outcome};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source};
use kit::http::Paging;

/// The latest events that are looked at.
const LATEST: u32 = 50;

/// The number of events that are shown.
const SHOWN: usize = 8;

/// The number of unusual events that come before the others.
const UNUSUAL: usize = 4;

/// An event as a sentence.
pub(super) struct EventLine {
    pub(super) event: Event,
    pub(super) words: String,
    pub(super) is_denied: bool,
    /// The reason why the event is unusual, if it is.
    pub(super) unusual: Option<&'static str>,
}

/// Reads the latest events of a workspace, with the unusual ones among them first.
pub(super) async fn latest(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<EventLine>> {
    let page = audit::list(db, workspace, &EventFilter::default(), Paging::page(1, LATEST)).await?;
    let line = |event: Event| EventLine {
        words: audit::describe(&event),
        is_denied: event.outcome == Outcome::Denied.as_str(),
        unusual: audit::unusual(&event),
        event,
    };
    let lines = page.items.into_iter().map(line);
    let (mut unusual, others): (Vec<_>, Vec<_>) = lines.partition(|line| line.unusual.is_some());
    unusual.truncate(UNUSUAL);
    unusual.extend(others);
    unusual.truncate(SHOWN);
    Ok(unusual)
}
