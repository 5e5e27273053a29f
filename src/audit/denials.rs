//! Denied requests with one key, added up by reason.

use serde_json::Value;

use super::descriptions::denied_because;
use super::store;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// The largest number of events that are added up; each stands for the requests of a minute.
const MOST: usize = 1_000;

/// Denied requests with a key, as far as the log has them: an event is written within a minute.
#[derive(Debug, Default)]
pub struct Denials {
    /// The most frequent reason first.
    pub reasons: Vec<DenialCount>,
    /// True if only the latest 1,000 events were added up.
    pub is_partial: bool,
}

/// Denied requests for one reason.
#[derive(Debug)]
pub struct DenialCount {
    /// The reason in words: “it is revoked”.
    pub because: String,
    pub requests: u64,
    pub last: Time,
}

/// Returns the denied requests with a key since `from`.
pub async fn denials(db: &impl Source, workspace: WorkspaceId, key: &str, from: Time) -> DbResult<Denials> {
    // The latest, whatever their time: a condition on the time would read all earlier ones to find too few.
    let rows = store::latest_denials(db, workspace, key, MOST as u64).await?;
    let is_partial = rows.len() == MOST && rows.last().is_some_and(|(at, _)| *at >= from);
    let mut reasons: Vec<DenialCount> = Vec::new();
    for (at, details) in rows.into_iter().filter(|(at, _)| *at >= from) {
        let (because, requests) = (denied_because(&details), details.get("count").and_then(Value::as_u64).unwrap_or(1));
        match reasons.iter_mut().find(|known| known.because == because) {
            Some(known) => known.requests = known.requests.saturating_add(requests),
            None => reasons.push(DenialCount { because, requests, last: at }),
        }
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.requests));
    Ok(Denials { reasons, is_partial })
}
