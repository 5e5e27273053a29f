//! An aircraft, what may be asked of it, and the rules that need no database.

use serde::Deserialize;

use super::code::{Airport, TailNumber, TypeDesignator};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::http::{Check, Faults, present};
use kit::text::{Line, MultilineText, kept};

kit::ids! {
    /// An aircraft.
    AircraftId = "ac";
}

/// What the manufacturer calls it: 1 to 100 characters.
pub type ModelName = Line<1, 100>;
/// Why an aircraft is in its status: up to 500 characters.
pub type StatusNote = MultilineText<0, 500>;

kit::string_enum! {
    /// Where an aircraft stands. Only `active` is available for dispatch.
    Status as AircraftStatus {
        /// Flying.
        Active = "active",
        /// In planned maintenance.
        Maintenance = "maintenance",
        /// On the ground until a defect is repaired.
        Aog = "aog",
        /// Laid up.
        Storage = "storage",
        /// Out of service for good.
        Retired = "retired",
        /// Another operator's by now.
        Sold = "sold",
    }
}

impl Status {
    /// Whether a trip can be dispatched with it.
    pub const fn is_dispatchable(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether it is away now and expected to fly again.
    pub const fn may_return(self) -> bool {
        matches!(self, Self::Maintenance | Self::Aog | Self::Storage)
    }

    /// Whether it still belongs to the fleet.
    pub const fn is_in_fleet(self) -> bool {
        !matches!(self, Self::Retired | Self::Sold)
    }
}

/// An aircraft as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Aircraft {
    pub id: AircraftId,
    pub workspace: WorkspaceId,
    pub tail_number: TailNumber,
    pub type_designator: TypeDesignator,
    pub model: String,
    pub home_base: Option<Airport>,
    pub status: Status,
    pub status_note: Option<String>,
    pub expected_return: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Aircraft {
    /// With these changes; a new status starts without the note and the expected return of the old one.
    #[must_use]
    pub fn with(mut self, input: UpdateAircraft) -> Self {
        if let Some(status) = input.status.filter(|status| *status != self.status) {
            (self.status, self.status_note, self.expected_return) = (status, None, None);
        }
        self.tail_number = input.tail_number.unwrap_or(self.tail_number);
        self.type_designator = input.type_designator.unwrap_or(self.type_designator);
        self.model = input.model.map_or(self.model, Line::into_string);
        self.home_base = input.home_base.unwrap_or(self.home_base);
        self.status_note = input.status_note.map_or(self.status_note, kept);
        self.expected_return = input.expected_return.unwrap_or(self.expected_return);
        self
    }

    /// Whether an expected return, if there is one, makes sense in this status.
    pub fn may_be_expected(&self) -> bool {
        self.expected_return.is_none() || self.status.may_return()
    }
}

/// A new aircraft.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateAircraft {
    /// Unique in the workspace.
    pub tail_number: TailNumber,
    /// ICAO type designator.
    pub type_designator: TypeDesignator,
    /// What the manufacturer calls it.
    pub model: ModelName,
    /// Where it is based.
    #[serde(default)]
    pub home_base: Option<Airport>,
    /// Left out: `active`.
    #[serde(default)]
    pub status: Option<Status>,
    /// Why it is in this status.
    #[serde(default)]
    pub status_note: Option<StatusNote>,
    /// When it will fly again; only with `maintenance`, `aog` and `storage`.
    #[serde(default)]
    pub expected_return: Option<Time>,
}

impl CreateAircraft {
    /// An active aircraft without a home base.
    pub fn new(tail_number: TailNumber, type_designator: TypeDesignator, model: ModelName) -> Self {
        Self { tail_number, type_designator, model, home_base: None, status: None, status_note: None, expected_return: None }
    }
}

/// Said when an aircraft that flies, or never will again, is expected back.
pub(super) const NOT_AWAY: &str =
    "Leave it out, or null: only an aircraft in maintenance, aog or storage has an expected return.";

impl Check for CreateAircraft {
    fn check(&self, faults: &mut Faults) {
        let may_return = self.status.unwrap_or(Status::Active).may_return();
        faults.require(may_return || self.expected_return.is_none(), "expectedReturn", NOT_AWAY);
    }
}

/// Changes to an aircraft; what is left out stays. A change of `status` clears `statusNote` and `expectedReturn`, which
/// told of the old status, unless the same call sets them.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateAircraft {
    /// Unique in the workspace.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TailNumber, required = false)]
    pub tail_number: Option<TailNumber>,
    /// ICAO type designator.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TypeDesignator, required = false)]
    pub type_designator: Option<TypeDesignator>,
    /// What the manufacturer calls it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ModelName, required = false)]
    pub model: Option<ModelName>,
    /// Another home base; `null`: none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Airport>)]
    pub home_base: Option<Option<Airport>>,
    /// Another status.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// Why it is in its status; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<StatusNote>)]
    pub status_note: Option<Option<StatusNote>>,
    /// When it will fly again; `null`: not known. Only in `maintenance`, `aog` and `storage`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub expected_return: Option<Option<Time>>,
}

impl Check for UpdateAircraft {}

/// Which aircraft to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AircraftFilter {
    /// Only aircraft in this status.
    pub status: Option<Status>,
    /// Only aircraft whose tail number, model or type designator contains this.
    #[param(value_type = Option<String>, max_length = 200)]
    pub search: Option<Line<0, 200>>,
}

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
            status: Status::Aog,
            status_note: Some("Hydraulic pump".to_owned()),
            expected_return: Some(Time::LAST),
            created_at: Time::FIRST,
            updated_at: Time::FIRST,
        }
    }

    #[test]
    fn a_new_status_starts_without_the_note_and_the_return_of_the_old_one() {
        let back = grounded().with(UpdateAircraft { status: Some(Status::Active), ..Default::default() });
        assert_eq!((back.status, back.status_note, back.expected_return), (Status::Active, None, None));
        let note = Some(Some("Sold to Bluebird".parse().expect("a note")));
        let sold = grounded().with(UpdateAircraft { status: Some(Status::Sold), status_note: note, ..Default::default() });
        assert_eq!(sold.status_note.as_deref(), Some("Sold to Bluebird"));
        let same = UpdateAircraft { status: Some(Status::Aog), ..Default::default() };
        assert_eq!(grounded().with(same), grounded());
    }

    #[test]
    fn only_an_aircraft_that_is_away_is_expected_back() {
        let expected = Some(Some(Time::LAST));
        let flying = UpdateAircraft { status: Some(Status::Active), expected_return: expected, ..Default::default() };
        assert!(!grounded().with(flying).may_be_expected());
        let away = UpdateAircraft { status: Some(Status::Storage), expected_return: expected, ..Default::default() };
        assert!(grounded().with(away).may_be_expected());
    }

    #[test]
    fn only_an_active_aircraft_is_available_for_dispatch() {
        let available: Vec<_> = Status::ALL.iter().filter(|status| status.is_dispatchable()).collect();
        assert_eq!(available, [&Status::Active]);
    }
}
