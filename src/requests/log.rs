//! [`RequestLog`]: refused requests, and a sample of the latest requests of each key, in memory until they are written.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::model::{Cause, KeyFacts, LatestRequest, Refusal, RefusedKey, Unidentified, shown_address};
use super::note::KeyRefusal;
use super::queue::Queue;
use super::sampling::Sampling;
use crate::core::Core;
use crate::keys::{EntryRef, KeyId};
use crate::request_context::RequestContext;
use crate::scopes::Scope;
use crate::workspaces::WorkspaceId;
use kit::ids::uuid_v7;
use kit::lock::lock;

/// Refusals in memory: with facts of a kilobyte each, two megabytes.
const MAX_REFUSALS: usize = 2_048;

/// Latest requests of keys in memory: about half a megabyte.
pub(super) const MAX_LATEST: usize = 2_048;

/// The longest route that is kept, in characters; those of this server are shorter.
const MAX_ROUTE: usize = 120;

/// Requests of this node that are not written yet.
#[derive(Debug)]
pub struct RequestLog {
    sampling: Sampling,
    pub(super) refusals: Queue<Refusal>,
    pub(super) latest: Queue<LatestRequest>,
    /// Refusals that were not kept, by workspace: one number each.
    pub(super) skipped: Mutex<HashMap<Option<WorkspaceId>, u64>>,
    pub(super) schedule: Mutex<Schedule>,
    /// Held during a flush.
    pub(super) flushing: tokio::sync::Mutex<()>,
}

/// The times of writes, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The time from which latest requests are written again.
    pub(super) latest_due: Duration,
    pub(super) gaps_due: Duration,
    pub(super) trim_due: Duration,
    /// Keys of which more requests may be stored than are listed.
    pub(super) untrimmed: HashSet<(WorkspaceId, KeyId)>,
}

/// The end of a request.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    pub method: &'static str,
    /// The pattern of the route.
    pub route: Option<&'a str>,
    pub status: u16,
    /// The code of an error response.
    pub code: Option<&'static str>,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self {
            sampling: Sampling::default(),
            refusals: Queue::new(MAX_REFUSALS),
            latest: Queue::new(MAX_LATEST),
            skipped: Mutex::default(),
            schedule: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
        }
    }
}

impl RequestLog {
    /// Keeps a request that has ended if it was refused or is one of the sample. Of most requests it only reads two notes.
    pub fn finish(&self, core: &Core, context: &RequestContext, finished: Finished<'_>) {
        if let Some((entry, scope)) = context.sampled() {
            self.keep_latest(entry, *scope, context, finished);
        }
        let Some(error) = finished.code else { return };
        if let Some(refusal) = context.refusal() {
            self.keep_refusal(core, refusal, context, finished, error);
        } else if let Some(cause) = Unidentified::of(error) {
            self.keep_unidentified(core, cause, context, finished, error);
        }
    }

    fn keep_latest(&self, entry: &EntryRef, scope: Option<Scope>, context: &RequestContext, finished: Finished<'_>) {
        // A full queue leaves it out: the list is a sample.
        self.latest.push(LatestRequest {
            workspace: entry.workspace(),
            key: entry.id,
            at: context.received_at(),
            request_id: context.id().to_owned(),
            method: finished.method.to_owned(),
            route: finished.route.map(cut),
            status: finished.status,
            code: finished.code.filter(|code| !code.is_empty()).map(str::to_owned),
            address: shown_address(context.client_ip()),
            scope,
        });
    }

    fn keep_refusal(&self, core: &Core, refusal: &KeyRefusal, context: &RequestContext, finished: Finished<'_>, error: &str) {
        let (entry, workspace) = (&refusal.entry, refusal.entry.workspace());
        let is_kept = self.sampling.admits_key(entry.id, workspace, context.received_at_ticks())
            && self.refusals.push(Refusal {
                cause: Some(Cause::Key(refusal.reason)),
                workspace: Some(workspace),
                key: Some(RefusedKey { id: entry.id, name: entry.name.to_string() }),
                facts: Some(KeyFacts::of(refusal, context.client_ip(), context.received_at())),
                ..bare(core, context, finished, error)
            });
        if !is_kept {
            self.skip(Some(workspace));
        }
    }

    /// Keeps neither address nor workspace: anybody who knows the id may look the request up.
    fn keep_unidentified(&self, core: &Core, cause: Unidentified, context: &RequestContext, finished: Finished<'_>, error: &str) {
        if !Unidentified::is_kept(context.id(), context.has_callers_id()) {
            return;
        }
        let address: IpAddr = context.client_ip();
        let is_kept = self.sampling.admits_unidentified(address, context.received_at_ticks())
            && self.refusals.push(Refusal { cause: Some(Cause::NoKey(cause)), ..bare(core, context, finished, error) });
        if !is_kept {
            self.skip(None);
        }
    }

    /// Adds a refusal, for the demo.
    pub fn add(&self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    fn skip(&self, workspace: Option<WorkspaceId>) {
        let mut skipped = lock(&self.skipped);
        let count = skipped.entry(workspace).or_default();
        *count = count.saturating_add(1);
    }
}

/// Returns a refusal without a key.
fn bare(core: &Core, context: &RequestContext, finished: Finished<'_>, error: &str) -> Refusal {
    Refusal {
        id: uuid_v7(context.received_at(), &core.random),
        workspace: None,
        request_id: context.id().to_owned(),
        at: context.received_at(),
        method: finished.method.to_owned(),
        route: finished.route.map(cut),
        status: finished.status,
        code: error.to_owned(),
        cause: None,
        key: None,
        facts: None,
    }
}

fn cut(route: &str) -> String {
    route.chars().take(MAX_ROUTE).collect()
}
