from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.change_of_data import Change


T = TypeVar("T", bound="Changes")


@_attrs_define
class Changes:
    """A part of the changes feed.

    Attributes:
        items (list[Change]): The changes, the oldest first.
        next_ (int): The number to store and to send as `after` next time. It also moves past changes of other modules.
        latest (int): The number of the latest change of any kind in the workspace, at the time of the response.
        has_more (bool): True if there may be further changes already: read on at once.
    """

    items: list[Change]
    next_: int
    latest: int
    has_more: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        next_ = self.next_

        latest = self.latest

        has_more = self.has_more

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "next": next_,
                "latest": latest,
                "has_more": has_more,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_of_data import Change  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = Change.from_dict(items_item_data)

            items.append(items_item)

        next_ = d.pop("next")

        latest = d.pop("latest")

        has_more = d.pop("has_more")

        changes = cls(
            items=items,
            next_=next_,
            latest=latest,
            has_more=has_more,
        )

        changes.additional_properties = d
        return changes

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
