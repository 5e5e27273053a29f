from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Payment")


@_attrs_define
class Payment:
    """A payment on an invoice.

    Attributes:
        id (str):
        invoice_id (str):
        amount (int): The amount in minor units of the currency.
        currency (str): ISO 4217, a currency in use
        paid_on (datetime.date): A day, 1970 to 9999
        reference (None | str): The payment reference of the bank or the client.
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
    """

    id: str
    invoice_id: str
    amount: int
    currency: str
    paid_on: datetime.date
    reference: None | str
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        invoice_id = self.invoice_id

        amount = self.amount

        currency = self.currency

        paid_on = self.paid_on.isoformat()

        reference: None | str
        reference = self.reference

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "invoiceId": invoice_id,
                "amount": amount,
                "currency": currency,
                "paidOn": paid_on,
                "reference": reference,
                "createdAt": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        invoice_id = d.pop("invoiceId")

        amount = d.pop("amount")

        currency = d.pop("currency")

        paid_on = datetime.date.fromisoformat(d.pop("paidOn"))

        def _parse_reference(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reference = _parse_reference(d.pop("reference"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        payment = cls(
            id=id,
            invoice_id=invoice_id,
            amount=amount,
            currency=currency,
            paid_on=paid_on,
            reference=reference,
            created_at=created_at,
        )

        payment.additional_properties = d
        return payment

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
