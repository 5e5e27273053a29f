from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="NewLineItem")


@_attrs_define
class NewLineItem:
    """A line of a new invoice; the server computes its amount.

    Attributes:
        description (str):
        quantity (str): A decimal number, more than 0 and at most 1000000
        unit_price (int): The price of one unit in minor units of the currency, such as cents; negative for a discount.
    """

    description: str
    quantity: str
    unit_price: int

    def to_dict(self) -> dict[str, Any]:
        description = self.description

        quantity = self.quantity

        unit_price = self.unit_price

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "description": description,
                "quantity": quantity,
                "unitPrice": unit_price,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        description = d.pop("description")

        quantity = d.pop("quantity")

        unit_price = d.pop("unitPrice")

        new_line_item = cls(
            description=description,
            quantity=quantity,
            unit_price=unit_price,
        )

        return new_line_item
