from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.trip_status import TripStatus
from ..models.trip_type import TripType

T = TypeVar("T", bound="Trip")


@_attrs_define
class Trip:
    """A trip of the workspace.

    Attributes:
        id (str):
        external_id (None | str): The id of the trip in your own software; unique in the workspace.
        trip_type (TripType): The purpose of a trip.
        status (TripStatus): The status of a trip, in order, except for `cancelled`. A trip can move forward and skip
            steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened as a draft; `completed`
            is final.
             Any other transition is refused with 409.
        origin (str): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2, or ZZZZ
            with a name, in upper case
        origin_name (None | str): The name of the place of departure.
        destination (str): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2, or
            ZZZZ with a name, in upper case
        destination_name (None | str): The name of the place of arrival.
        departure_date (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
            UTC with `Z`
        arrival_date (datetime.datetime | None):
        aircraft_id (None | str):
        passenger_count (int):
        notes (None | str):
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        updated_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
    """

    id: str
    external_id: None | str
    trip_type: TripType
    status: TripStatus
    origin: str
    origin_name: None | str
    destination: str
    destination_name: None | str
    departure_date: datetime.datetime
    arrival_date: datetime.datetime | None
    aircraft_id: None | str
    passenger_count: int
    notes: None | str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        external_id: None | str
        external_id = self.external_id

        trip_type = self.trip_type.value

        status = self.status.value

        origin = self.origin

        origin_name: None | str
        origin_name = self.origin_name

        destination = self.destination

        destination_name: None | str
        destination_name = self.destination_name

        departure_date = self.departure_date.isoformat()

        arrival_date: None | str
        if isinstance(self.arrival_date, datetime.datetime):
            arrival_date = self.arrival_date.isoformat()
        else:
            arrival_date = self.arrival_date

        aircraft_id: None | str
        aircraft_id = self.aircraft_id

        passenger_count = self.passenger_count

        notes: None | str
        notes = self.notes

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "externalId": external_id,
                "tripType": trip_type,
                "status": status,
                "origin": origin,
                "originName": origin_name,
                "destination": destination,
                "destinationName": destination_name,
                "departureDate": departure_date,
                "arrivalDate": arrival_date,
                "aircraftId": aircraft_id,
                "passengerCount": passenger_count,
                "notes": notes,
                "createdAt": created_at,
                "updatedAt": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_external_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        external_id = _parse_external_id(d.pop("externalId"))

        trip_type = TripType(d.pop("tripType"))

        status = TripStatus(d.pop("status"))

        origin = d.pop("origin")

        def _parse_origin_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        origin_name = _parse_origin_name(d.pop("originName"))

        destination = d.pop("destination")

        def _parse_destination_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        destination_name = _parse_destination_name(d.pop("destinationName"))

        departure_date = datetime.datetime.fromisoformat(d.pop("departureDate"))

        def _parse_arrival_date(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                arrival_date_type_0 = datetime.datetime.fromisoformat(data)

                return arrival_date_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        arrival_date = _parse_arrival_date(d.pop("arrivalDate"))

        def _parse_aircraft_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        aircraft_id = _parse_aircraft_id(d.pop("aircraftId"))

        passenger_count = d.pop("passengerCount")

        def _parse_notes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        notes = _parse_notes(d.pop("notes"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        trip = cls(
            id=id,
            external_id=external_id,
            trip_type=trip_type,
            status=status,
            origin=origin,
            origin_name=origin_name,
            destination=destination,
            destination_name=destination_name,
            departure_date=departure_date,
            arrival_date=arrival_date,
            aircraft_id=aircraft_id,
            passenger_count=passenger_count,
            notes=notes,
            created_at=created_at,
            updated_at=updated_at,
        )

        trip.additional_properties = d
        return trip

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
