from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.upsert_aircraft import UpsertAircraft


T = TypeVar("T", bound="UpsertAircraftBatch")


@_attrs_define
class UpsertAircraftBatch:
    """
    Attributes:
        items (list[UpsertAircraft]): 1 to 500 items, applied in their order, each for another object.
        atomic (bool | Unset): True if all items are to be stored or none; false if left out: each item is stored by
            itself.
    """

    items: list[UpsertAircraft]
    atomic: bool | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        atomic = self.atomic

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
            }
        )
        if atomic is not UNSET:
            field_dict["atomic"] = atomic

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.upsert_aircraft import UpsertAircraft  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = UpsertAircraft.from_dict(items_item_data)

            items.append(items_item)

        atomic = d.pop("atomic", UNSET)

        upsert_aircraft_batch = cls(
            items=items,
            atomic=atomic,
        )

        return upsert_aircraft_batch
