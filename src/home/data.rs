//! The workspace's data on Home: a few rows of each module that the role may see.

use std::collections::HashMap;

use crate::access::{FileReports, FleetRead, InvoicesRead, Permission, ReadReports, TripsRead};
use crate::fleet::{self, Aircraft, AircraftId};
use crate::invoices::{self, Invoice};
use crate::members::Member;
use crate::safety::{self, Readable, Report, ReportFilter};
use crate::scopes::{Module, Scope};
use crate::trips::{self, Trip};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source};
use kit::http::Paging;
use kit::page::{Badge, Moments};

/// The number of rows of each module.
const ROWS: u32 = 5;

/// A few rows of each module; `None` for a module that the role may not see.
pub(super) struct DataSection {
    /// The next departures.
    pub(super) trips: Option<Vec<TripLine>>,
    /// Aircraft on ground and in maintenance.
    pub(super) fleet: Option<Vec<(Badge, Aircraft)>>,
    /// The latest reports, of those that the member may read.
    pub(super) reports: Option<Vec<(Badge, Report)>>,
    /// True if the member sees only the reports that they filed under their name.
    pub(super) is_own: bool,
    /// True if the member may file reports.
    pub(super) files: bool,
    /// Overdue invoices with their unpaid amount.
    pub(super) invoices: Option<Vec<(String, Invoice)>>,
}

/// A departure.
pub(super) struct TripLine {
    pub(super) status: Badge,
    /// The tail number of the aircraft.
    pub(super) tail_number: Option<String>,
    pub(super) trip: Trip,
}

impl DataSection {
    pub(super) async fn read(db: &impl Source, workspace: WorkspaceId, member: &Member, at: &Moments) -> DbResult<Self> {
        let role = member.role;
        let readable = if role.allows(Scope::read(Module::Safety)) { Readable::All } else { Readable::FiledByName(member.id) };
        Ok(Self {
            trips: if TripsRead::RULE.admits(role) { Some(departures(db, workspace, at).await?) } else { None },
            fleet: if FleetRead::RULE.admits(role) { Some(away(db, workspace).await?) } else { None },
            reports: if ReadReports::RULE.admits(role) { Some(reports(db, workspace, readable).await?) } else { None },
            is_own: readable != Readable::All,
            files: FileReports::RULE.admits(role),
            invoices: if InvoicesRead::RULE.admits(role) { Some(overdue(db, workspace, at).await?) } else { None },
        })
    }
}

async fn departures(db: &impl Source, workspace: WorkspaceId, at: &Moments) -> DbResult<Vec<TripLine>> {
    let next = trips::list_departures(db, workspace, at.now(), ROWS.into()).await?;
    let aircraft = next.iter().filter_map(|trip| trip.aircraft_id);
    let names: HashMap<AircraftId, String> = fleet::tail_numbers(db, workspace, aircraft).await?;
    let line = |trip: Trip| TripLine {
        status: trips::status_badge(trip.status),
        tail_number: trip.aircraft_id.and_then(|id| names.get(&id).cloned()),
        trip,
    };
    Ok(next.into_iter().map(line).collect())
}

async fn away(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<(Badge, Aircraft)>> {
    let away = fleet::list_away(db, workspace, ROWS.into()).await?;
    Ok(away.into_iter().map(|aircraft| (fleet::status_badge(aircraft.status), aircraft)).collect())
}

async fn reports(db: &impl Source, workspace: WorkspaceId, readable: Readable) -> DbResult<Vec<(Badge, Report)>> {
    let latest = Paging::page(1, ROWS).within(ROWS.into());
    let page = safety::list(db, workspace, readable, &ReportFilter::default(), latest).await?;
    Ok(page.items.into_iter().map(|report| (safety::status_badge(report.status), report)).collect())
}

async fn overdue(db: &impl Source, workspace: WorkspaceId, at: &Moments) -> DbResult<Vec<(String, Invoice)>> {
    let overdue = invoices::list_overdue(db, workspace, at.today(), ROWS.into()).await?;
    Ok(overdue.into_iter().map(|invoice| (invoice.currency.amount(invoice.remaining()), invoice)).collect())
}
