//! An aircraft, the inputs that change it, and the rules that need no database.

use serde::Deserialize;

use super::code::{Airport, TailNumber, TypeDesignator};
use super::place::{NAME_REQUIRED, PlaceName, is_identified, name_after};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::http::{Check, FieldErrors, present};
use kit::text::{Line, MultilineText, kept};

kit::ids! {
    AircraftId = "ac";
}

/// The model name of the manufacturer: 1 to 100 characters.
pub type ModelName = Line<1, 100>;
/// A note on the status of an aircraft: up to 500 characters.
pub type StatusNote = MultilineText<0, 500>;

kit::string_enum! {
    /// The status of an aircraft. Only an `active` aircraft is available for dispatch.
    Status as AircraftStatus {
        /// The aircraft is in service.
        Active = "active",
        /// The aircraft is in planned maintenance.
        Maintenance = "maintenance",
        /// Aircraft on ground: it does not fly until a defect is repaired.
        Aog = "aog",
        /// The aircraft is stored.
        Storage = "storage",
        /// The aircraft is permanently out of service.
        Retired = "retired",
        /// The aircraft belongs to another operator.
        Sold = "sold",
    }
}

impl Status {
    /// Returns whether a trip can be dispatched with the aircraft.
    pub const fn is_dispatchable(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Returns whether the aircraft is out of service and may return.
    pub const fn may_return(self) -> bool {
        matches!(self, Self::Maintenance | Self::Aog | Self::Storage)
    }

    pub const fn is_in_fleet(self) -> bool {
        !matches!(self, Self::Retired | Self::Sold)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Aircraft {
    pub id: AircraftId,
    pub workspace: WorkspaceId,
    pub tail_number: TailNumber,
    pub type_designator: TypeDesignator,
    pub model: String,
    pub home_base: Option<Airport>,
    pub home_base_name: Option<String>,
    pub status: Status,
    pub status_note: Option<String>,
    pub expected_return: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Aircraft {
    /// Applies the changes of `input`. A change of status clears the note and the expected return; a change of the home base clears
    /// its name.
    #[must_use]
    pub fn with(mut self, input: UpdateAircraft) -> Self {
        if let Some(status) = input.status.filter(|status| *status != self.status) {
            (self.status, self.status_note, self.expected_return) = (status, None, None);
        }
        self.tail_number = input.tail_number.unwrap_or(self.tail_number);
        self.type_designator = input.type_designator.unwrap_or(self.type_designator);
        self.model = input.model.map_or(self.model, Line::into_string);
        let is_moved = input.home_base.as_ref().is_some_and(|base| *base != self.home_base);
        self.home_base = input.home_base.unwrap_or(self.home_base);
        self.home_base_name = name_after(self.home_base_name, is_moved, input.home_base_name);
        self.status_note = input.status_note.map_or(self.status_note, kept);
        self.expected_return = input.expected_return.unwrap_or(self.expected_return);
        self
    }

    /// Returns the fault of the name of the home base. A base that `old` has already is not checked: earlier versions did not know
    /// names.
    pub(super) fn base_fault(&self, old: Option<&Self>) -> Option<&'static str> {
        let is_new = old.is_none_or(|old| old.home_base != self.home_base || old.home_base_name != self.home_base_name);
        base_fault(self.home_base.as_ref(), self.home_base_name.as_ref()).filter(|_| is_new)
    }

    /// Returns whether the aircraft has no expected return, or its status allows one.
    pub fn may_be_expected(&self) -> bool {
        self.expected_return.is_none() || self.status.may_return()
    }
}

/// A new aircraft of the workspace.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateAircraft {
    /// The registration mark; unique in the workspace.
    pub tail_number: TailNumber,
    /// The ICAO type designator.
    pub type_designator: TypeDesignator,
    /// The model name of the manufacturer.
    pub model: ModelName,
    /// The airport at which the aircraft is based.
    #[serde(default)]
    pub home_base: Option<Airport>,
    /// The name of the home base; required if it is `ZZZZ`.
    #[serde(default)]
    pub home_base_name: Option<PlaceName>,
    /// The status; `active` if left out.
    #[serde(default)]
    pub status: Option<Status>,
    /// A note on the status.
    #[serde(default)]
    pub status_note: Option<StatusNote>,
    /// The expected time of return to service; only with `maintenance`, `aog` and `storage`.
    #[serde(default)]
    pub expected_return: Option<Time>,
}

impl CreateAircraft {
    /// Creates an active aircraft without a home base.
    pub fn new(tail_number: TailNumber, type_designator: TypeDesignator, model: ModelName) -> Self {
        Self {
            tail_number,
            type_designator,
            model,
            home_base: None,
            home_base_name: None,
            status: None,
            status_note: None,
            expected_return: None,
        }
    }
}

/// The message for an expected return in a status that has none.
pub(super) const NOT_AWAY: &str =
    "Leave it out, or null: only an aircraft in maintenance, aog or storage has an expected return.";

fn base_fault<N>(base: Option<&Airport>, name: Option<&N>) -> Option<&'static str> {
    match base {
        None if name.is_some() => Some("Give homeBase as well: ZZZZ for a place without a code."),
        Some(code) if !is_identified(code, name) => Some(NAME_REQUIRED),
        _ => None,
    }
}

impl Check for CreateAircraft {
    fn check(&self, faults: &mut FieldErrors) {
        if let Some(fault) = base_fault(self.home_base.as_ref(), self.home_base_name.as_ref()) {
            faults.add("homeBaseName", fault);
        }
        let may_return = self.status.unwrap_or(Status::Active).may_return();
        faults.require(may_return || self.expected_return.is_none(), "expectedReturn", NOT_AWAY);
    }
}

/// Changes to an aircraft; a field that is left out stays. A change of `status` clears `statusNote` and `expectedReturn`, which
/// belong to the old status, unless the same request sets them.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateAircraft {
    /// The registration mark; unique in the workspace.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TailNumber, required = false)]
    pub tail_number: Option<TailNumber>,
    /// The ICAO type designator.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TypeDesignator, required = false)]
    pub type_designator: Option<TypeDesignator>,
    /// The model name of the manufacturer.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ModelName, required = false)]
    pub model: Option<ModelName>,
    /// The airport at which the aircraft is based; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Airport>)]
    pub home_base: Option<Option<Airport>>,
    /// The name of the home base; `null` removes it. A change of `homeBase` clears it, unless the same request sets it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub home_base_name: Option<Option<PlaceName>>,
    /// The new status of the aircraft.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// A note on the status; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<StatusNote>)]
    pub status_note: Option<Option<StatusNote>>,
    /// The expected time of return to service; `null` if it is not known. Only in `maintenance`, `aog` and `storage`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub expected_return: Option<Option<Time>>,
}

impl Check for UpdateAircraft {}

/// A filter on aircraft.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AircraftFilter {
    /// Only aircraft in this status.
    pub status: Option<Status>,
    /// Only aircraft whose tail number, model or type designator contains this, in whatever case and script.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub search: Option<Line<1, 200>>,
}

impl Check for AircraftFilter {}

#[cfg(test)]
mod tests {
    use super::*;

    fn grounded() -> Aircraft {
        Aircraft {
            id: AircraftId(uuid::Uuid::nil()),
            workspace: WorkspaceId(uuid::Uuid::nil()),
            tail_number: "N525SK".parse().expect("a tail number"),
            type_designator: "C25B".parse().expect("a type"),
            model: "Citation CJ3+".to_owned(),
            home_base: None,
            home_base_name: None,
            status: Status::Aog,
            status_note: Some("Hydraulic pump".to_owned()),
            expected_return: Some(Time::LAST),
            created_at: Time::FIRST,
            updated_at: Time::FIRST,
        }
    }

    #[test]
    fn change_of_status_clears_note_and_expected_return() {
        let back = grounded().with(UpdateAircraft { status: Some(Status::Active), ..Default::default() });
        assert_eq!((back.status, back.status_note, back.expected_return), (Status::Active, None, None));
        let note = Some(Some("Sold to Bluebird".parse().expect("a note")));
        let sold = grounded().with(UpdateAircraft { status: Some(Status::Sold), status_note: note, ..Default::default() });
        assert_eq!(sold.status_note.as_deref(), Some("Sold to Bluebird"));
        let same = UpdateAircraft { status: Some(Status::Aog), ..Default::default() };
        assert_eq!(grounded().with(same), grounded());
    }

    #[test]
    fn expected_return_requires_a_status_that_allows_it() {
        let expected = Some(Some(Time::LAST));
        let flying = UpdateAircraft { status: Some(Status::Active), expected_return: expected, ..Default::default() };
        assert!(!grounded().with(flying).may_be_expected());
        let away = UpdateAircraft { status: Some(Status::Storage), expected_return: expected, ..Default::default() };
        assert!(grounded().with(away).may_be_expected());
    }

    #[test]
    fn only_active_aircraft_is_available_for_dispatch() {
        let available: Vec<_> = Status::ALL.iter().filter(|status| status.is_dispatchable()).collect();
        assert_eq!(available, [&Status::Active]);
    }
}
