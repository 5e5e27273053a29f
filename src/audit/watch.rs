//! How far this process has walked each chain: a page may say so without walking over a million events each time.
//!
//! A short log is walked from its first event at every look, a long one onwards from where the last look stopped. What
//! was walked over once is held against the log at every look: if it is not there any more, the log was rewritten.

use std::collections::HashMap;
use std::sync::Mutex;

use super::store;
use super::verify::{Fault, Place, Walk, walk};
use crate::app::App;
use crate::kit::clock::Time;
use crate::kit::db::{Db, DbResult, is_unavailable};
use crate::kit::lock::lock;
use crate::kit::text::hex;
use crate::workspaces::WorkspaceId;

/// Events that are walked over at one look.
pub(super) const STEP: i64 = 5_000;

/// What this process knows of every chain.
#[derive(Debug, Default)]
pub struct Watch {
    known: Mutex<HashMap<WorkspaceId, Known>>,
    walking: Mutex<Option<(WorkspaceId, i64)>>,
}

/// What it knows of one.
#[derive(Clone, Debug)]
struct Known {
    place: Place,
    begun: Time,
    /// What the last walk over the whole log came to, if it did not come to the end.
    fault: Option<Fault>,
}

/// A chain as far as it is known to fit.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The last event that fits.
    pub(super) events: i64,
    /// The last event there is.
    pub(super) of: i64,
    /// When its first event was read, if that was at an earlier look.
    pub(super) begun: Option<Time>,
    /// What does not fit.
    pub(super) fault: Option<Fault>,
    /// How far a walk over the whole log is that is under way.
    pub(super) walking: Option<i64>,
}

/// A walk over a whole log: one at a time, and over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    app: App,
    workspace: WorkspaceId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        *lock(&self.app.chains.walking) = None;
    }
}

impl Watch {
    /// Walks on over the chain of `workspace`, for about [`STEP`] events.
    pub(super) async fn look(&self, app: &App, workspace: WorkspaceId) -> DbResult<Chain> {
        let now = app.clock.now();
        // Before what is known: a walk that ends in between is told as under way, and never as if it had not been.
        let walking = lock(&self.walking).filter(|(walked, _)| *walked == workspace).map(|(_, at)| at);
        let known = lock(&self.known).get(&workspace).cloned();
        let of = last(&app.db, workspace).await?;
        let is_there = match &known {
            Some(known) => stands(&app.db, workspace, known.place).await?,
            None => true,
        };
        let from = known.clone().filter(|_| of > STEP).unwrap_or(Known { place: Place::START, begun: now, fault: None });
        let told = |Walk { place, until, fault }| Chain {
            events: place.sequence,
            of: until.max(of),
            begun: (from.place != Place::START).then_some(from.begun),
            fault,
            walking,
        };
        let rewritten = known.as_ref().filter(|_| !is_there).map(|known| Fault::Rewritten { sequence: known.place.sequence });
        if let Some(fault) = from.fault.clone().or_else(|| rewritten.clone().filter(|_| of > STEP)) {
            return Ok(told(Walk { place: from.place, until: of, fault: Some(fault) }));
        }
        let mut found = walk(&app.db, workspace, from.place, STEP).await?;
        found.fault = found.fault.or(rewritten);
        if found.fault.is_none() {
            let seen = Known { place: found.place, ..from.clone() };
            self.note(workspace, known.map(|known| known.place), seen);
        }
        Ok(told(found))
    }

    /// Remembers what was seen, unless something else was meanwhile.
    fn note(&self, workspace: WorkspaceId, before: Option<Place>, seen: Known) {
        let mut known = lock(&self.known);
        if known.get(&workspace).map(|known| known.place) == before {
            known.insert(workspace, seen);
        }
    }

    /// The turn for a walk over a whole log; `None` while another is under way.
    pub(super) fn take_turn(&self, app: &App, workspace: WorkspaceId) -> Option<Turn> {
        let mut walking = lock(&self.walking);
        if walking.is_some() {
            return None;
        }
        *walking = Some((workspace, 0));
        Some(Turn { app: app.clone(), workspace })
    }
}

impl Turn {
    /// Walks the chain from its first event to the last.
    pub(super) async fn walk(self) -> DbResult<()> {
        let Self { app, workspace } = &self;
        let begun = app.clock.now();
        let before = lock(&app.chains.known).get(workspace).cloned();
        let mut found = walk(&app.db, *workspace, Place::START, STEP).await?;
        while found.fault.is_none() && found.place.sequence < found.until {
            *lock(&app.chains.walking) = Some((*workspace, found.place.sequence));
            found = walk(&app.db, *workspace, found.place, STEP).await?;
        }
        if let Some(Known { place, .. }) = before
            && found.fault.is_none()
            && !stands(&app.db, *workspace, place).await?
        {
            found.fault = Some(Fault::Rewritten { sequence: place.sequence });
            found.place = place;
        }
        lock(&app.chains.known).insert(*workspace, Known { place: found.place, begun, fault: found.fault });
        Ok(())
    }
}

/// The last event that the log says it has.
async fn last(db: &Db, workspace: WorkspaceId) -> DbResult<i64> {
    match store::head(db.read(), workspace).await {
        Ok(head) => Ok(head.map_or(0, |head| head.sequence)),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(0),
    }
}

/// Whether the log still has the event that a walk came to.
async fn stands(db: &Db, workspace: WorkspaceId, place: Place) -> DbResult<bool> {
    match store::hash_at(db.read(), workspace, place.sequence).await {
        Ok(hash) => Ok(place == Place::START || hash == Some(hex(&place.hash))),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(false),
    }
}
