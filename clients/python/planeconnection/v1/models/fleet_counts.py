from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="FleetCounts")


@_attrs_define
class FleetCounts:
    """The number of aircraft by status.

    Attributes:
        active (int):
        maintenance (int):
        aog (int):
        storage (int):
        retired (int):
        sold (int):
    """

    active: int
    maintenance: int
    aog: int
    storage: int
    retired: int
    sold: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        active = self.active

        maintenance = self.maintenance

        aog = self.aog

        storage = self.storage

        retired = self.retired

        sold = self.sold

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "active": active,
                "maintenance": maintenance,
                "aog": aog,
                "storage": storage,
                "retired": retired,
                "sold": sold,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        active = d.pop("active")

        maintenance = d.pop("maintenance")

        aog = d.pop("aog")

        storage = d.pop("storage")

        retired = d.pop("retired")

        sold = d.pop("sold")

        fleet_counts = cls(
            active=active,
            maintenance=maintenance,
            aog=aog,
            storage=storage,
            retired=retired,
            sold=sold,
        )

        fleet_counts.additional_properties = d
        return fleet_counts

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
