from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.new_invoice_client import NewInvoiceClient
    from ..models.new_line_item import NewLineItem


T = TypeVar("T", bound="UpsertInvoice")


@_attrs_define
class UpsertInvoice:
    """A new invoice, or changes to the draft with this external id. Of a draft that exists, a field that is left out
    stays.

        Attributes:
            external_id (str):
            client (NewInvoiceClient): The client who is billed.
            currency (str): ISO 4217, a currency in use
            line_items (list[NewLineItem]): 1 to 200 line items, with a total of 0 or more; they replace all existing ones.
            due_date (datetime.date): A day, 1970 to 9999
            trip_id (None | str | Unset):
            notes (None | str | Unset):
    """

    external_id: str
    client: NewInvoiceClient
    currency: str
    line_items: list[NewLineItem]
    due_date: datetime.date
    trip_id: None | str | Unset = UNSET
    notes: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        external_id = self.external_id

        client = self.client.to_dict()

        currency = self.currency

        line_items = []
        for line_items_item_data in self.line_items:
            line_items_item = line_items_item_data.to_dict()
            line_items.append(line_items_item)

        due_date = self.due_date.isoformat()

        trip_id: None | str | Unset
        if isinstance(self.trip_id, Unset):
            trip_id = UNSET
        else:
            trip_id = self.trip_id

        notes: None | str | Unset
        if isinstance(self.notes, Unset):
            notes = UNSET
        else:
            notes = self.notes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "externalId": external_id,
                "client": client,
                "currency": currency,
                "lineItems": line_items,
                "dueDate": due_date,
            }
        )
        if trip_id is not UNSET:
            field_dict["tripId"] = trip_id
        if notes is not UNSET:
            field_dict["notes"] = notes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.new_invoice_client import NewInvoiceClient  # noqa: PLC0415
        from ..models.new_line_item import NewLineItem  # noqa: PLC0415

        d = dict(src_dict)
        external_id = d.pop("externalId")

        client = NewInvoiceClient.from_dict(d.pop("client"))

        currency = d.pop("currency")

        line_items = []
        _line_items = d.pop("lineItems")
        for line_items_item_data in _line_items:
            line_items_item = NewLineItem.from_dict(line_items_item_data)

            line_items.append(line_items_item)

        due_date = datetime.date.fromisoformat(d.pop("dueDate"))

        def _parse_trip_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        trip_id = _parse_trip_id(d.pop("tripId", UNSET))

        def _parse_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notes = _parse_notes(d.pop("notes", UNSET))

        upsert_invoice = cls(
            external_id=external_id,
            client=client,
            currency=currency,
            line_items=line_items,
            due_date=due_date,
            trip_id=trip_id,
            notes=notes,
        )

        return upsert_invoice
