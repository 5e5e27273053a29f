//! How far this process has walked each chain, so that a page may say so without walking over a million events each time.
//!
//! A look walks on from where the last one stopped. A short log is walked from its first event again: one batch at every
//! look, a few thousand events once a minute. What was walked over once is held against the log at every look: if it is
//! not there any more, the log was rewritten. Of one workspace one look and one walk over the whole log run at a time; a
//! walk that was broken off is resumed where it stopped.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use super::store;
use super::verify::{BATCH, Fault, Place, Walk, walk};
use crate::access::Reader;
use crate::app::App;
use crate::limits::Limit;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, is_unavailable};
use kit::lock::lock;

/// Events that are walked over at one look.
pub(super) const STEP: i64 = 5_000;

/// How often a log of up to [`STEP`] events is walked from its first event.
const AGAIN: Duration = Duration::from_mins(1);

/// What this process knows of every chain.
#[derive(Debug, Default)]
pub struct ChainVerifier {
    known: Mutex<HashMap<WorkspaceId, Known>>,
    /// Workspaces whose chain a look is walking on.
    looking: Mutex<HashSet<WorkspaceId>>,
    /// Walks over whole logs, and how far each is.
    walking: Mutex<HashMap<WorkspaceId, i64>>,
    /// Walks over whole logs that were broken off.
    broken_off: Mutex<HashMap<WorkspaceId, Known>>,
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

/// A walk over a whole log, one of a workspace; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    app: App,
    workspace: WorkspaceId,
    reader: Reader,
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.app.chains.walking).remove(&self.workspace);
    }
}

/// What came of asking for a walk over a whole log.
#[derive(Debug)]
pub(super) enum Asked {
    /// It may begin.
    Begun(Turn),
    /// One of this workspace is under way.
    UnderWay,
    /// The node walks as many logs of other workspaces as it may.
    Busy,
}

/// The right to walk on for a look, given back when this is dropped.
struct Look<'a>(&'a ChainVerifier, WorkspaceId);

impl<'a> Look<'a> {
    fn take(watch: &'a ChainVerifier, workspace: WorkspaceId) -> Option<Self> {
        lock(&watch.looking).insert(workspace).then_some(Self(watch, workspace))
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        lock(&self.0.looking).remove(&self.1);
    }
}

impl ChainVerifier {
    /// Walks on over the chain of `workspace`, for about [`STEP`] events; not while another look does.
    pub(super) async fn look(&self, app: &App, workspace: WorkspaceId) -> DbResult<Chain> {
        let now = app.clock.now();
        // Before what is known: a walk that ends in between is told as under way, and never as if it had not been.
        let walking = lock(&self.walking).get(&workspace).copied();
        let look = Look::take(self, workspace);
        let known = lock(&self.known).get(&workspace).cloned();
        let of = last(&app.db, workspace).await?;
        let is_there = match &known {
            Some(known) => stands(&app.db, workspace, known.place).await?,
            None => true,
        };
        let is_due = known.as_ref().is_none_or(|known| now.since(known.begun) >= AGAIN);
        let is_whole = look.is_some() && (of <= BATCH.cast_signed() || of <= STEP && is_due);
        let from = known.clone().filter(|_| !is_whole).unwrap_or(Known { place: Place::START, begun: now, fault: None });
        let told = |Walk { place, until, fault }| Chain {
            events: place.sequence,
            of: until.max(of),
            begun: (from.place != Place::START).then_some(from.begun),
            fault,
            walking,
        };
        let rewritten = known.as_ref().filter(|_| !is_there).map(|known| Fault::Rewritten { sequence: known.place.sequence });
        let fault = from.fault.clone().or_else(|| rewritten.clone().filter(|_| !is_whole));
        if look.is_none() || fault.is_some() {
            return Ok(told(Walk { place: from.place, until: of, fault }));
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

    /// The turn for a walk over a whole log, which goes on as long as `reader` may read it.
    pub(super) fn take_turn(&self, app: &App, workspace: WorkspaceId, reader: Reader) -> Asked {
        let mut walking = lock(&self.walking);
        if walking.contains_key(&workspace) {
            return Asked::UnderWay;
        }
        if walking.len() as u64 >= app.budgets.chain_checks() {
            app.budgets.count(Limit::NodeChainChecks);
            return Asked::Busy;
        }
        walking.insert(workspace, 0);
        Asked::Begun(Turn { app: app.clone(), workspace, reader })
    }
}

impl Turn {
    /// Walks the chain from its first event, or from where a walk was broken off, to the last.
    pub(super) async fn walk(self) -> DbResult<()> {
        let Self { app, workspace, reader } = &self;
        let Known { place, begun, .. } = self.start().await?;
        let mut found = Walk { place, until: i64::MAX, fault: None };
        while found.fault.is_none() && found.place.sequence < found.until {
            lock(&app.chains.walking).insert(*workspace, found.place.sequence);
            let stopped_at = found.place;
            let permit = app.budgets.read_in_background(*workspace).await;
            let step = match reader.still_may().await {
                Ok(true) => walk(&app.db, *workspace, stopped_at, STEP).await.map(Some),
                Ok(false) => Ok(None),
                Err(error) => Err(error),
            };
            drop(permit);
            match step {
                Ok(Some(step)) => found = step,
                broken_off => {
                    lock(&app.chains.broken_off).insert(*workspace, Known { place: stopped_at, begun, fault: None });
                    return broken_off.map(|_| ());
                }
            }
        }
        let known = lock(&app.chains.known).get(workspace).cloned();
        if let Some(Known { place, .. }) = known
            && found.fault.is_none()
            && !stands(&app.db, *workspace, place).await?
        {
            found.fault = Some(Fault::Rewritten { sequence: place.sequence });
            found.place = place;
        }
        lock(&app.chains.known).insert(*workspace, Known { place: found.place, begun, fault: found.fault });
        Ok(())
    }

    /// Where the last walk was broken off, if the log still has that event.
    async fn start(&self) -> DbResult<Known> {
        let Self { app, workspace, .. } = self;
        let broken_off = lock(&app.chains.broken_off).remove(workspace);
        match broken_off {
            Some(known) if stands(&app.db, *workspace, known.place).await? => Ok(known),
            _ => Ok(Known { place: Place::START, begun: app.clock.now(), fault: None }),
        }
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
        Ok(hash) => Ok(place == Place::START || hash == Some(hex::encode(place.hash))),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(false),
    }
}
