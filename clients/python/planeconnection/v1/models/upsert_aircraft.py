from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.aircraft_status import AircraftStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpsertAircraft")


@_attrs_define
class UpsertAircraft:
    """A new aircraft, or changes to the aircraft with this tail number. Of an aircraft that exists, a field that is left
    out stays. A
    change of `status` clears `statusNote` and `expectedReturn`, which belong to the old status, unless the same item
    sets them.

        Attributes:
            tail_number (str): 2 to 10 upper-case letters, digits and hyphens, such as N525SK or D-IABC
            type_designator (str): an ICAO type designator: 2 to 4 upper-case letters and digits, such as C25B
            model (str):
            home_base (None | str | Unset):
            home_base_name (None | str | Unset):
            status (AircraftStatus | Unset): The status of an aircraft. Only an `active` aircraft is available for dispatch.
            status_note (None | str | Unset):
            expected_return (datetime.datetime | None | Unset):
    """

    tail_number: str
    type_designator: str
    model: str
    home_base: None | str | Unset = UNSET
    home_base_name: None | str | Unset = UNSET
    status: AircraftStatus | Unset = UNSET
    status_note: None | str | Unset = UNSET
    expected_return: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        tail_number = self.tail_number

        type_designator = self.type_designator

        model = self.model

        home_base: None | str | Unset
        if isinstance(self.home_base, Unset):
            home_base = UNSET
        else:
            home_base = self.home_base

        home_base_name: None | str | Unset
        if isinstance(self.home_base_name, Unset):
            home_base_name = UNSET
        else:
            home_base_name = self.home_base_name

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        status_note: None | str | Unset
        if isinstance(self.status_note, Unset):
            status_note = UNSET
        else:
            status_note = self.status_note

        expected_return: None | str | Unset
        if isinstance(self.expected_return, Unset):
            expected_return = UNSET
        elif isinstance(self.expected_return, datetime.datetime):
            expected_return = self.expected_return.isoformat()
        else:
            expected_return = self.expected_return

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tailNumber": tail_number,
                "typeDesignator": type_designator,
                "model": model,
            }
        )
        if home_base is not UNSET:
            field_dict["homeBase"] = home_base
        if home_base_name is not UNSET:
            field_dict["homeBaseName"] = home_base_name
        if status is not UNSET:
            field_dict["status"] = status
        if status_note is not UNSET:
            field_dict["statusNote"] = status_note
        if expected_return is not UNSET:
            field_dict["expectedReturn"] = expected_return

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tail_number = d.pop("tailNumber")

        type_designator = d.pop("typeDesignator")

        model = d.pop("model")

        def _parse_home_base(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        home_base = _parse_home_base(d.pop("homeBase", UNSET))

        def _parse_home_base_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        home_base_name = _parse_home_base_name(d.pop("homeBaseName", UNSET))

        _status = d.pop("status", UNSET)
        status: AircraftStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = AircraftStatus(_status)

        def _parse_status_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        status_note = _parse_status_note(d.pop("statusNote", UNSET))

        def _parse_expected_return(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expected_return_type_0 = datetime.datetime.fromisoformat(data)

                return expected_return_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expected_return = _parse_expected_return(d.pop("expectedReturn", UNSET))

        upsert_aircraft = cls(
            tail_number=tail_number,
            type_designator=type_designator,
            model=model,
            home_base=home_base,
            home_base_name=home_base_name,
            status=status,
            status_note=status_note,
            expected_return=expected_return,
        )

        return upsert_aircraft
