from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.invoice import Invoice


T = TypeVar("T", bound="InvoicePage")


@_attrs_define
class InvoicePage:
    """
    Attributes:
        items (list[Invoice]): The rows, the newest first: sorted by creation, in descending order, and by id.
        total (int | None): Total number of rows; null if the list was continued with a cursor.
        page (int | None): Number of this page, from 1; null if the list was continued with a cursor.
        per_page (int): Rows on a full page.
        total_pages (int | None): Number of pages; null if the list was continued with a cursor.
        next_cursor (None | str): The cursor that continues the list after these rows; null if there are no more.
    """

    items: list[Invoice]
    total: int | None
    page: int | None
    per_page: int
    total_pages: int | None
    next_cursor: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        total: int | None
        total = self.total

        page: int | None
        page = self.page

        per_page = self.per_page

        total_pages: int | None
        total_pages = self.total_pages

        next_cursor: None | str
        next_cursor = self.next_cursor

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "total": total,
                "page": page,
                "per_page": per_page,
                "total_pages": total_pages,
                "next_cursor": next_cursor,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice import Invoice  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = Invoice.from_dict(items_item_data)

            items.append(items_item)

        def _parse_total(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        total = _parse_total(d.pop("total"))

        def _parse_page(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        page = _parse_page(d.pop("page"))

        per_page = d.pop("per_page")

        def _parse_total_pages(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        total_pages = _parse_total_pages(d.pop("total_pages"))

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))

        invoice_page = cls(
            items=items,
            total=total,
            page=page,
            per_page=per_page,
            total_pages=total_pages,
            next_cursor=next_cursor,
        )

        invoice_page.additional_properties = d
        return invoice_page

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
