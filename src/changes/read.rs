//! Reading a part of the feed, with the objects as they are now.

use std::collections::HashMap;
use std::str::FromStr;

use super::model::{Change, ChangedModule, Object, View, actions_of, change_of};
use crate::audit::{Event, feed};
use crate::scopes::Module;
use crate::workspaces::WorkspaceId;
use crate::{fleet, invoices, safety, trips};
use kit::day::Day;
use kit::db::{DbResult, Source};

/// The part of the feed that is read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub workspace: WorkspaceId,
    pub is_sandbox: bool,
    pub modules: Vec<Module>,
    pub view: View,
    pub limit: u16,
}

/// Changes, and where the feed goes on.
#[derive(Debug)]
pub(super) struct Part {
    pub changes: Vec<Change>,
    pub next: i64,
    pub latest: i64,
}

/// Reads the changes after `after`. `today` is the day in the workspace, by which invoices are overdue.
pub(super) async fn read(db: &impl Source, wanted: &Wanted, after: i64, today: Day) -> DbResult<Part> {
    let actions = actions_of(&wanted.modules, wanted.is_sandbox);
    let batch = feed::read(db, wanted.workspace, &actions, after, wanted.limit.into()).await?;
    let mut changes: Vec<Change> = batch.events.into_iter().filter_map(change).collect();
    if wanted.view == View::Full && !changes.is_empty() {
        let objects = objects(db, wanted.workspace, &changes, today).await?;
        for change in &mut changes {
            change.object = objects.get(&change.id).cloned();
        }
    }
    Ok(Part { changes, next: batch.next, latest: batch.latest })
}

fn change(event: Event) -> Option<Change> {
    let (module, kind) = change_of(&event.action)?;
    let id = event.target?.id?;
    Some(Change { sequence: event.sequence, occurred_at: event.occurred_at, module, kind, id, object: None })
}

/// Returns the objects of these changes by their ids.
async fn objects(db: &impl Source, workspace: WorkspaceId, changes: &[Change], today: Day) -> DbResult<HashMap<String, Object>> {
    let mut objects = HashMap::new();
    let trips = trips::views(db, workspace, ids(changes, ChangedModule::Trips)).await?;
    objects.extend(trips.map(|(id, trip)| (id, Object::Trip(trip))));
    let aircraft = fleet::views(db, workspace, ids(changes, ChangedModule::Fleet)).await?;
    objects.extend(aircraft.map(|(id, aircraft)| (id, Object::Aircraft(aircraft))));
    let reports = safety::views(db, workspace, ids(changes, ChangedModule::Safety)).await?;
    objects.extend(reports.map(|(id, report)| (id, Object::Report(report))));
    let invoices = invoices::views(db, workspace, ids(changes, ChangedModule::Invoices), today).await?;
    objects.extend(invoices.map(|(id, invoice)| (id, Object::Invoice(invoice))));
    Ok(objects)
}

/// Lists the ids of the changed objects of a module, each once.
fn ids<Id: FromStr + Ord>(changes: &[Change], module: ChangedModule) -> Vec<Id> {
    let of_module = changes.iter().filter(|change| change.module == module);
    let mut ids: Vec<Id> = of_module.filter_map(|change| change.id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
