from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.aircraft_status import AircraftStatus

T = TypeVar("T", bound="Aircraft")


@_attrs_define
class Aircraft:
    """An aircraft of the workspace.

    Attributes:
        id (str):
        tail_number (str): 2 to 10 upper-case letters, digits and hyphens, such as N525SK or D-IABC
        type_designator (str): an ICAO type designator: 2 to 4 upper-case letters and digits, such as C25B
        model (str): The model name of the manufacturer.
        home_base (None | str):
        home_base_name (None | str): The name of the home base.
        status (AircraftStatus): The status of an aircraft. Only an `active` aircraft is available for dispatch.
        status_note (None | str): A note on the current status. A change of status clears it.
        expected_return (datetime.datetime | None):
        dispatch_available (bool): True while the aircraft is `active`: trips can be dispatched with it.
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        updated_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
    """

    id: str
    tail_number: str
    type_designator: str
    model: str
    home_base: None | str
    home_base_name: None | str
    status: AircraftStatus
    status_note: None | str
    expected_return: datetime.datetime | None
    dispatch_available: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        tail_number = self.tail_number

        type_designator = self.type_designator

        model = self.model

        home_base: None | str
        home_base = self.home_base

        home_base_name: None | str
        home_base_name = self.home_base_name

        status = self.status.value

        status_note: None | str
        status_note = self.status_note

        expected_return: None | str
        if isinstance(self.expected_return, datetime.datetime):
            expected_return = self.expected_return.isoformat()
        else:
            expected_return = self.expected_return

        dispatch_available = self.dispatch_available

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "tailNumber": tail_number,
                "typeDesignator": type_designator,
                "model": model,
                "homeBase": home_base,
                "homeBaseName": home_base_name,
                "status": status,
                "statusNote": status_note,
                "expectedReturn": expected_return,
                "dispatchAvailable": dispatch_available,
                "createdAt": created_at,
                "updatedAt": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        tail_number = d.pop("tailNumber")

        type_designator = d.pop("typeDesignator")

        model = d.pop("model")

        def _parse_home_base(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        home_base = _parse_home_base(d.pop("homeBase"))

        def _parse_home_base_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        home_base_name = _parse_home_base_name(d.pop("homeBaseName"))

        status = AircraftStatus(d.pop("status"))

        def _parse_status_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        status_note = _parse_status_note(d.pop("statusNote"))

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

        dispatch_available = d.pop("dispatchAvailable")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        aircraft = cls(
            id=id,
            tail_number=tail_number,
            type_designator=type_designator,
            model=model,
            home_base=home_base,
            home_base_name=home_base_name,
            status=status,
            status_note=status_note,
            expected_return=expected_return,
            dispatch_available=dispatch_available,
            created_at=created_at,
            updated_at=updated_at,
        )

        aircraft.additional_properties = d
        return aircraft

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
