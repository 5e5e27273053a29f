from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LineItem")


@_attrs_define
class LineItem:
    """A line of an invoice, as it is stored and sent.

    Attributes:
        description (str): The goods or service, or the reason for a discount.
        quantity (str): A decimal number, more than 0 and at most 1000000
        unit_price (int): The price of one unit in minor units of the currency, such as cents; negative for a discount.
        amount (int): Quantity times price, in whole minor units of the currency; half a minor unit is rounded away from
            zero.
    """

    description: str
    quantity: str
    unit_price: int
    amount: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        description = self.description

        quantity = self.quantity

        unit_price = self.unit_price

        amount = self.amount

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "description": description,
                "quantity": quantity,
                "unitPrice": unit_price,
                "amount": amount,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        description = d.pop("description")

        quantity = d.pop("quantity")

        unit_price = d.pop("unitPrice")

        amount = d.pop("amount")

        line_item = cls(
            description=description,
            quantity=quantity,
            unit_price=unit_price,
            amount=amount,
        )

        line_item.additional_properties = d
        return line_item

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
