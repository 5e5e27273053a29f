from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.fleet_counts import FleetCounts
    from ..models.fleet_line import FleetLine


T = TypeVar("T", bound="FleetStatus")


@_attrs_define
class FleetStatus:
    """The status of the fleet.

    Attributes:
        counts (FleetCounts): The number of aircraft by status.
        aircraft (list[FleetLine]): The aircraft of the fleet by tail number. Retired and sold aircraft have left the
            fleet: they are counted but not listed.
    """

    counts: FleetCounts
    aircraft: list[FleetLine]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counts = self.counts.to_dict()

        aircraft = []
        for aircraft_item_data in self.aircraft:
            aircraft_item = aircraft_item_data.to_dict()
            aircraft.append(aircraft_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "aircraft": aircraft,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.fleet_counts import FleetCounts  # noqa: PLC0415
        from ..models.fleet_line import FleetLine  # noqa: PLC0415

        d = dict(src_dict)
        counts = FleetCounts.from_dict(d.pop("counts"))

        aircraft = []
        _aircraft = d.pop("aircraft")
        for aircraft_item_data in _aircraft:
            aircraft_item = FleetLine.from_dict(aircraft_item_data)

            aircraft.append(aircraft_item)

        fleet_status = cls(
            counts=counts,
            aircraft=aircraft,
        )

        fleet_status.additional_properties = d
        return fleet_status

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
