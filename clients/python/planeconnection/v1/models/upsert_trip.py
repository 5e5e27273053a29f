from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.trip_status import TripStatus
from ..models.trip_type import TripType
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpsertTrip")


@_attrs_define
class UpsertTrip:
    """A new trip, or changes to the trip with this external id. Of a trip that exists, a field that is left out stays; in
    a new one it
    has its default.

        Attributes:
            external_id (str):
            trip_type (TripType): The purpose of a trip.
            origin (str): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2, or ZZZZ
                with a name, in upper case
            destination (str): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2, or
                ZZZZ with a name, in upper case
            departure_date (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
                UTC with `Z`
            status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A trip can move forward and
                skip steps, move back by one step until
                 it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened as a draft; `completed`
                is final.
                 Any other transition is refused with 409.
            origin_name (None | str | Unset):
            destination_name (None | str | Unset):
            arrival_date (datetime.datetime | None | Unset):
            aircraft_id (None | str | Unset):
            passenger_count (int | Unset): The number of passengers; 0 by default.
            notes (None | str | Unset):
    """

    external_id: str
    trip_type: TripType
    origin: str
    destination: str
    departure_date: datetime.datetime
    status: TripStatus | Unset = UNSET
    origin_name: None | str | Unset = UNSET
    destination_name: None | str | Unset = UNSET
    arrival_date: datetime.datetime | None | Unset = UNSET
    aircraft_id: None | str | Unset = UNSET
    passenger_count: int | Unset = UNSET
    notes: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        external_id = self.external_id

        trip_type = self.trip_type.value

        origin = self.origin

        destination = self.destination

        departure_date = self.departure_date.isoformat()

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        origin_name: None | str | Unset
        if isinstance(self.origin_name, Unset):
            origin_name = UNSET
        else:
            origin_name = self.origin_name

        destination_name: None | str | Unset
        if isinstance(self.destination_name, Unset):
            destination_name = UNSET
        else:
            destination_name = self.destination_name

        arrival_date: None | str | Unset
        if isinstance(self.arrival_date, Unset):
            arrival_date = UNSET
        elif isinstance(self.arrival_date, datetime.datetime):
            arrival_date = self.arrival_date.isoformat()
        else:
            arrival_date = self.arrival_date

        aircraft_id: None | str | Unset
        if isinstance(self.aircraft_id, Unset):
            aircraft_id = UNSET
        else:
            aircraft_id = self.aircraft_id

        passenger_count = self.passenger_count

        notes: None | str | Unset
        if isinstance(self.notes, Unset):
            notes = UNSET
        else:
            notes = self.notes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "externalId": external_id,
                "tripType": trip_type,
                "origin": origin,
                "destination": destination,
                "departureDate": departure_date,
            }
        )
        if status is not UNSET:
            field_dict["status"] = status
        if origin_name is not UNSET:
            field_dict["originName"] = origin_name
        if destination_name is not UNSET:
            field_dict["destinationName"] = destination_name
        if arrival_date is not UNSET:
            field_dict["arrivalDate"] = arrival_date
        if aircraft_id is not UNSET:
            field_dict["aircraftId"] = aircraft_id
        if passenger_count is not UNSET:
            field_dict["passengerCount"] = passenger_count
        if notes is not UNSET:
            field_dict["notes"] = notes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        external_id = d.pop("externalId")

        trip_type = TripType(d.pop("tripType"))

        origin = d.pop("origin")

        destination = d.pop("destination")

        departure_date = datetime.datetime.fromisoformat(d.pop("departureDate"))

        _status = d.pop("status", UNSET)
        status: TripStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = TripStatus(_status)

        def _parse_origin_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        origin_name = _parse_origin_name(d.pop("originName", UNSET))

        def _parse_destination_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        destination_name = _parse_destination_name(d.pop("destinationName", UNSET))

        def _parse_arrival_date(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                arrival_date_type_0 = datetime.datetime.fromisoformat(data)

                return arrival_date_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        arrival_date = _parse_arrival_date(d.pop("arrivalDate", UNSET))

        def _parse_aircraft_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        aircraft_id = _parse_aircraft_id(d.pop("aircraftId", UNSET))

        passenger_count = d.pop("passengerCount", UNSET)

        def _parse_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notes = _parse_notes(d.pop("notes", UNSET))

        upsert_trip = cls(
            external_id=external_id,
            trip_type=trip_type,
            origin=origin,
            destination=destination,
            departure_date=departure_date,
            status=status,
            origin_name=origin_name,
            destination_name=destination_name,
            arrival_date=arrival_date,
            aircraft_id=aircraft_id,
            passenger_count=passenger_count,
            notes=notes,
        )

        return upsert_trip
