from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.invoice_status import InvoiceStatus

if TYPE_CHECKING:
    from ..models.invoice_client import InvoiceClient
    from ..models.line_item import LineItem


T = TypeVar("T", bound="Invoice")


@_attrs_define
class Invoice:
    """An invoice. All amounts are in minor units of its currency.

    Attributes:
        id (str):
        number (str): The year of creation in the workspace's time zone and a counter without gaps: `INV-2026-0001`.
        client (InvoiceClient): The client who is billed.
        trip_id (None | str):
        currency (str): ISO 4217, a currency in use
        line_items (list[LineItem]):
        subtotal (int): The sum of the lines' amounts, in minor units of the currency, such as cents.
        total (int): The amount to pay, in minor units of the currency. It equals the subtotal, as taxes and discounts
            are line items.
        amount_paid (int): The sum of recorded payments, in minor units of the currency.
        status (InvoiceStatus): The status of an invoice.
        due_date (datetime.date): A day, 1970 to 9999
        notes (None | str):
        external_id (None | str): The id of the invoice in your accounting system.
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        updated_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
    """

    id: str
    number: str
    client: InvoiceClient
    trip_id: None | str
    currency: str
    line_items: list[LineItem]
    subtotal: int
    total: int
    amount_paid: int
    status: InvoiceStatus
    due_date: datetime.date
    notes: None | str
    external_id: None | str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        number = self.number

        client = self.client.to_dict()

        trip_id: None | str
        trip_id = self.trip_id

        currency = self.currency

        line_items = []
        for line_items_item_data in self.line_items:
            line_items_item = line_items_item_data.to_dict()
            line_items.append(line_items_item)

        subtotal = self.subtotal

        total = self.total

        amount_paid = self.amount_paid

        status = self.status.value

        due_date = self.due_date.isoformat()

        notes: None | str
        notes = self.notes

        external_id: None | str
        external_id = self.external_id

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "number": number,
                "client": client,
                "tripId": trip_id,
                "currency": currency,
                "lineItems": line_items,
                "subtotal": subtotal,
                "total": total,
                "amountPaid": amount_paid,
                "status": status,
                "dueDate": due_date,
                "notes": notes,
                "externalId": external_id,
                "createdAt": created_at,
                "updatedAt": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_client import InvoiceClient  # noqa: PLC0415
        from ..models.line_item import LineItem  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        number = d.pop("number")

        client = InvoiceClient.from_dict(d.pop("client"))

        def _parse_trip_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trip_id = _parse_trip_id(d.pop("tripId"))

        currency = d.pop("currency")

        line_items = []
        _line_items = d.pop("lineItems")
        for line_items_item_data in _line_items:
            line_items_item = LineItem.from_dict(line_items_item_data)

            line_items.append(line_items_item)

        subtotal = d.pop("subtotal")

        total = d.pop("total")

        amount_paid = d.pop("amountPaid")

        status = InvoiceStatus(d.pop("status"))

        due_date = datetime.date.fromisoformat(d.pop("dueDate"))

        def _parse_notes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        notes = _parse_notes(d.pop("notes"))

        def _parse_external_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        external_id = _parse_external_id(d.pop("externalId"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        invoice = cls(
            id=id,
            number=number,
            client=client,
            trip_id=trip_id,
            currency=currency,
            line_items=line_items,
            subtotal=subtotal,
            total=total,
            amount_paid=amount_paid,
            status=status,
            due_date=due_date,
            notes=notes,
            external_id=external_id,
            created_at=created_at,
            updated_at=updated_at,
        )

        invoice.additional_properties = d
        return invoice

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
