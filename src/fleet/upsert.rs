//! An item of a batch of aircraft.

use serde::Deserialize;
use utoipa::ToSchema;

use super::code::{Airport, TailNumber, TypeDesignator};
use super::model::{CreateAircraft, ModelName, Status, StatusNote, UpdateAircraft};
use super::place::PlaceName;
use kit::clock::Time;
use kit::http::{BatchItem, Check, present};

/// A new aircraft, or changes to the aircraft with this tail number. Of an aircraft that exists, a field that is left out stays. A
/// change of `status` clears `statusNote` and `expectedReturn`, which belong to the old status, unless the same item sets them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpsertAircraft {
    /// The registration mark.
    pub tail_number: TailNumber,
    /// The ICAO type designator.
    pub type_designator: TypeDesignator,
    /// The model name of the manufacturer.
    pub model: ModelName,
    /// The airport at which the aircraft is based; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Airport>)]
    pub home_base: Option<Option<Airport>>,
    /// The name of the home base; required if it is `ZZZZ`. `null` removes it, as does a change of `homeBase` without it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub home_base_name: Option<Option<PlaceName>>,
    /// The status. A new aircraft is `active` if it is left out.
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

impl BatchItem for UpsertAircraft {
    const KEY: &'static str = "tailNumber";

    fn key(&self) -> &str {
        self.tail_number.as_str()
    }
}

impl Check for UpsertAircraft {}

impl From<UpsertAircraft> for CreateAircraft {
    fn from(input: UpsertAircraft) -> Self {
        Self {
            tail_number: input.tail_number,
            type_designator: input.type_designator,
            model: input.model,
            home_base: input.home_base.flatten(),
            home_base_name: input.home_base_name.flatten(),
            status: input.status,
            status_note: input.status_note.flatten(),
            expected_return: input.expected_return.flatten(),
        }
    }
}

impl From<UpsertAircraft> for UpdateAircraft {
    fn from(input: UpsertAircraft) -> Self {
        Self {
            tail_number: None,
            type_designator: Some(input.type_designator),
            model: Some(input.model),
            home_base: input.home_base,
            home_base_name: input.home_base_name,
            status: input.status,
            status_note: input.status_note,
            expected_return: input.expected_return,
        }
    }
}
