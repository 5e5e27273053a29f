from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.webhook_events_items_item import WebhookEventsItemsItem


T = TypeVar("T", bound="WebhookEvents")


@_attrs_define
class WebhookEvents:
    """Payloads of events that an endpoint should have received.

    Attributes:
        items (list[WebhookEventsItemsItem]): The payloads, in the order of their sequence.
        next_after_sequence (int | None): The `after_sequence` of the next call; `null` at the end. There may be more
            although `items` is not full.
    """

    items: list[WebhookEventsItemsItem]
    next_after_sequence: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        next_after_sequence: int | None
        next_after_sequence = self.next_after_sequence

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "next_after_sequence": next_after_sequence,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.webhook_events_items_item import WebhookEventsItemsItem  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = WebhookEventsItemsItem.from_dict(items_item_data)

            items.append(items_item)

        def _parse_next_after_sequence(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        next_after_sequence = _parse_next_after_sequence(d.pop("next_after_sequence"))

        webhook_events = cls(
            items=items,
            next_after_sequence=next_after_sequence,
        )

        webhook_events.additional_properties = d
        return webhook_events

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
