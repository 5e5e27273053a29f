//! The fleet at a glance: what an operator shows on a public web page.

use serde::Serialize;
use utoipa::ToSchema;

use super::code::{TailNumber, TypeDesignator};
use super::model::{Aircraft, Status};
use kit::clock::Time;

/// The fleet at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FleetStatus {
    /// How many aircraft are in each status, those retired and sold among them.
    counts: FleetCounts,
    /// The fleet by tail number. Retired and sold aircraft are counted, but have no line: they are the fleet's no more.
    aircraft: Vec<FleetLine>,
}

/// Aircraft by status.
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

/// One aircraft of the fleet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FleetLine {
    tail_number: TailNumber,
    type_designator: TypeDesignator,
    /// What the manufacturer calls it.
    model: String,
    status: Status,
    /// Whether trips can be dispatched with it: only while it is active.
    dispatch_available: bool,
    /// When it will fly again, if it is away and that is known.
    expected_return: Option<Time>,
}

impl FleetStatus {
    /// Of these aircraft, in this order.
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
