from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.aircraft_status import AircraftStatus

T = TypeVar("T", bound="FleetLine")


@_attrs_define
class FleetLine:
    """An aircraft of the fleet.

    Attributes:
        tail_number (str): 2 to 10 upper-case letters, digits and hyphens, such as N525SK or D-IABC
        type_designator (str): an ICAO type designator: 2 to 4 upper-case letters and digits, such as C25B
        model (str): The model name of the manufacturer.
        status (AircraftStatus): The status of an aircraft. Only an `active` aircraft is available for dispatch.
        dispatch_available (bool): True while the aircraft is `active`: trips can be dispatched with it.
        expected_return (datetime.datetime | None):
    """

    tail_number: str
    type_designator: str
    model: str
    status: AircraftStatus
    dispatch_available: bool
    expected_return: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tail_number = self.tail_number

        type_designator = self.type_designator

        model = self.model

        status = self.status.value

        dispatch_available = self.dispatch_available

        expected_return: None | str
        if isinstance(self.expected_return, datetime.datetime):
            expected_return = self.expected_return.isoformat()
        else:
            expected_return = self.expected_return

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tailNumber": tail_number,
                "typeDesignator": type_designator,
                "model": model,
                "status": status,
                "dispatchAvailable": dispatch_available,
                "expectedReturn": expected_return,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tail_number = d.pop("tailNumber")

        type_designator = d.pop("typeDesignator")

        model = d.pop("model")

        status = AircraftStatus(d.pop("status"))

        dispatch_available = d.pop("dispatchAvailable")

        def _parse_expected_return(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expected_return_type_0 = datetime.datetime.fromisoformat(data)

                return expected_return_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expected_return = _parse_expected_return(d.pop("expectedReturn"))

        fleet_line = cls(
            tail_number=tail_number,
            type_designator=type_designator,
            model=model,
            status=status,
            dispatch_available=dispatch_available,
            expected_return=expected_return,
        )

        fleet_line.additional_properties = d
        return fleet_line

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
