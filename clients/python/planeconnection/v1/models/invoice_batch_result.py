from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.invoice_batch_item import InvoiceBatchItem


T = TypeVar("T", bound="InvoiceBatchResult")


@_attrs_define
class InvoiceBatchResult:
    """
    Attributes:
        items (list[InvoiceBatchItem]): A result for each item, in the order of the request.
        succeeded (int): The number of items that were stored.
        failed (int): The number of items that failed.
    """

    items: list[InvoiceBatchItem]
    succeeded: int
    failed: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        succeeded = self.succeeded

        failed = self.failed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "succeeded": succeeded,
                "failed": failed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_batch_item import InvoiceBatchItem  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = InvoiceBatchItem.from_dict(items_item_data)

            items.append(items_item)

        succeeded = d.pop("succeeded")

        failed = d.pop("failed")

        invoice_batch_result = cls(
            items=items,
            succeeded=succeeded,
            failed=failed,
        )

        invoice_batch_result.additional_properties = d
        return invoice_batch_result

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
