from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.trip_status import TripStatus
from ..models.trip_type import TripType
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateTrip")


@_attrs_define
class UpdateTrip:
    """Changes to a trip; a field that is left out stays.

    Attributes:
        external_id (None | str | Unset):
        trip_type (TripType | Unset): The purpose of a trip.
        status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A trip can move forward and
            skip steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened as a draft; `completed`
            is final.
             Any other transition is refused with 409.
        origin (str | Unset): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or 7B2,
            or ZZZZ with a name, in upper case
        origin_name (None | str | Unset):
        destination (str | Unset): an ICAO airport code such as KTEB, a national code with a digit such as KN66, 19AK or
            7B2, or ZZZZ with a name, in upper case
        destination_name (None | str | Unset):
        departure_date (datetime.datetime | Unset): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in
            responses in UTC with `Z`
        arrival_date (datetime.datetime | None | Unset):
        aircraft_id (None | str | Unset):
        passenger_count (int | Unset): The number of passengers.
        notes (None | str | Unset):
    """

    external_id: None | str | Unset = UNSET
    trip_type: TripType | Unset = UNSET
    status: TripStatus | Unset = UNSET
    origin: str | Unset = UNSET
    origin_name: None | str | Unset = UNSET
    destination: str | Unset = UNSET
    destination_name: None | str | Unset = UNSET
    departure_date: datetime.datetime | Unset = UNSET
    arrival_date: datetime.datetime | None | Unset = UNSET
    aircraft_id: None | str | Unset = UNSET
    passenger_count: int | Unset = UNSET
    notes: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        external_id: None | str | Unset
        if isinstance(self.external_id, Unset):
            external_id = UNSET
        else:
            external_id = self.external_id

        trip_type: str | Unset = UNSET
        if not isinstance(self.trip_type, Unset):
            trip_type = self.trip_type.value

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        origin = self.origin

        origin_name: None | str | Unset
        if isinstance(self.origin_name, Unset):
            origin_name = UNSET
        else:
            origin_name = self.origin_name

        destination = self.destination

        destination_name: None | str | Unset
        if isinstance(self.destination_name, Unset):
            destination_name = UNSET
        else:
            destination_name = self.destination_name

        departure_date: str | Unset = UNSET
        if not isinstance(self.departure_date, Unset):
            departure_date = self.departure_date.isoformat()

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

        field_dict.update({})
        if external_id is not UNSET:
            field_dict["externalId"] = external_id
        if trip_type is not UNSET:
            field_dict["tripType"] = trip_type
        if status is not UNSET:
            field_dict["status"] = status
        if origin is not UNSET:
            field_dict["origin"] = origin
        if origin_name is not UNSET:
            field_dict["originName"] = origin_name
        if destination is not UNSET:
            field_dict["destination"] = destination
        if destination_name is not UNSET:
            field_dict["destinationName"] = destination_name
        if departure_date is not UNSET:
            field_dict["departureDate"] = departure_date
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

        def _parse_external_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        external_id = _parse_external_id(d.pop("externalId", UNSET))

        _trip_type = d.pop("tripType", UNSET)
        trip_type: TripType | Unset
        if isinstance(_trip_type, Unset):
            trip_type = UNSET
        else:
            trip_type = TripType(_trip_type)

        _status = d.pop("status", UNSET)
        status: TripStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = TripStatus(_status)

        origin = d.pop("origin", UNSET)

        def _parse_origin_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        origin_name = _parse_origin_name(d.pop("originName", UNSET))

        destination = d.pop("destination", UNSET)

        def _parse_destination_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        destination_name = _parse_destination_name(d.pop("destinationName", UNSET))

        _departure_date = d.pop("departureDate", UNSET)
        departure_date: datetime.datetime | Unset
        if isinstance(_departure_date, Unset):
            departure_date = UNSET
        else:
            departure_date = datetime.datetime.fromisoformat(_departure_date)

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

        update_trip = cls(
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
        )

        return update_trip
