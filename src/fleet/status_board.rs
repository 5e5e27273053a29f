//! The status of the fleet, for the operator's public web page.

use serde::Serialize;
use utoipa::ToSchema;

use super::code::{TailNumber, TypeDesignator};
use super::model::{Aircraft, Status};
use kit::clock::Time;

/// The status of the fleet.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FleetStatus {
    /// The number of aircraft in each status, including retired and sold ones.
    counts: FleetCounts,
    /// The aircraft of the fleet by tail number. Retired and sold aircraft have left the fleet: they are counted but not listed.
    aircraft: Vec<FleetLine>,
}

/// The number of aircraft by status.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct FleetCounts {
    #[schema(minimum = 0)]
    active: u32,
    #[schema(minimum = 0)]
    maintenance: u32,
    #[schema(minimum = 0)]
    aog: u32,
    #[schema(minimum = 0)]
    storage: u32,
    #[schema(minimum = 0)]
    retired: u32,
    #[schema(minimum = 0)]
    sold: u32,
}

/// An aircraft of the fleet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FleetLine {
    tail_number: TailNumber,
    type_designator: TypeDesignator,
    /// The model name of the manufacturer.
    model: String,
    status: Status,
    /// True while the aircraft is `active`: trips can be dispatched with it.
    dispatch_available: bool,
    /// The expected time of return to service, if the aircraft is away and the time is known.
    expected_return: Option<Time>,
}

impl FleetStatus {
    /// Summarizes these aircraft and keeps their order.
    pub(super) fn of(fleet: Vec<Aircraft>) -> Self {
        let mut counts = FleetCounts::default();
        for aircraft in &fleet {
            *counts.of(aircraft.status) += 1;
        }
        let present = fleet.into_iter().filter(|aircraft| aircraft.status.is_in_fleet());
        Self { counts, aircraft: present.map(FleetLine::from).collect() }
    }
}

impl FleetCounts {
    fn of(&mut self, status: Status) -> &mut u32 {
        match status {
            Status::Active => &mut self.active,
            Status::Maintenance => &mut self.maintenance,
            Status::Aog => &mut self.aog,
            Status::Storage => &mut self.storage,
            Status::Retired => &mut self.retired,
            Status::Sold => &mut self.sold,
        }
    }
}

impl From<Aircraft> for FleetLine {
    fn from(aircraft: Aircraft) -> Self {
        let Aircraft { tail_number, type_designator, model, status, expected_return, .. } = aircraft;
        Self { tail_number, type_designator, model, status, dispatch_available: status.is_dispatchable(), expected_return }
    }
}
