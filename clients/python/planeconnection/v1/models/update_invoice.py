from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.new_invoice_client import NewInvoiceClient
    from ..models.new_line_item import NewLineItem


T = TypeVar("T", bound="UpdateInvoice")


@_attrs_define
class UpdateInvoice:
    """Changes to a draft; a field that is left out stays.

    Attributes:
        client (NewInvoiceClient | Unset): The client who is billed.
        trip_id (None | str | Unset):
        currency (str | Unset): ISO 4217, a currency in use
        line_items (list[NewLineItem] | Unset): The new line items; they replace all existing ones.
        due_date (datetime.date | Unset): A day, 1970 to 9999
        notes (None | str | Unset):
        external_id (None | str | Unset):
    """

    client: NewInvoiceClient | Unset = UNSET
    trip_id: None | str | Unset = UNSET
    currency: str | Unset = UNSET
    line_items: list[NewLineItem] | Unset = UNSET
    due_date: datetime.date | Unset = UNSET
    notes: None | str | Unset = UNSET
    external_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        client: dict[str, Any] | Unset = UNSET
        if not isinstance(self.client, Unset):
            client = self.client.to_dict()

        trip_id: None | str | Unset
        if isinstance(self.trip_id, Unset):
            trip_id = UNSET
        else:
            trip_id = self.trip_id

        currency = self.currency

        line_items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.line_items, Unset):
            line_items = []
            for line_items_item_data in self.line_items:
                line_items_item = line_items_item_data.to_dict()
                line_items.append(line_items_item)

        due_date: str | Unset = UNSET
        if not isinstance(self.due_date, Unset):
            due_date = self.due_date.isoformat()

        notes: None | str | Unset
        if isinstance(self.notes, Unset):
            notes = UNSET
        else:
            notes = self.notes

        external_id: None | str | Unset
        if isinstance(self.external_id, Unset):
            external_id = UNSET
        else:
            external_id = self.external_id

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if client is not UNSET:
            field_dict["client"] = client
        if trip_id is not UNSET:
            field_dict["tripId"] = trip_id
        if currency is not UNSET:
            field_dict["currency"] = currency
        if line_items is not UNSET:
            field_dict["lineItems"] = line_items
        if due_date is not UNSET:
            field_dict["dueDate"] = due_date
        if notes is not UNSET:
            field_dict["notes"] = notes
        if external_id is not UNSET:
            field_dict["externalId"] = external_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.new_invoice_client import NewInvoiceClient  # noqa: PLC0415
        from ..models.new_line_item import NewLineItem  # noqa: PLC0415

        d = dict(src_dict)
        _client = d.pop("client", UNSET)
        client: NewInvoiceClient | Unset
        if isinstance(_client, Unset):
            client = UNSET
        else:
            client = NewInvoiceClient.from_dict(_client)

        def _parse_trip_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        trip_id = _parse_trip_id(d.pop("tripId", UNSET))

        currency = d.pop("currency", UNSET)

        _line_items = d.pop("lineItems", UNSET)
        line_items: list[NewLineItem] | Unset = UNSET
        if _line_items is not UNSET:
            line_items = []
            for line_items_item_data in _line_items:
                line_items_item = NewLineItem.from_dict(line_items_item_data)

                line_items.append(line_items_item)

        _due_date = d.pop("dueDate", UNSET)
        due_date: datetime.date | Unset
        if isinstance(_due_date, Unset):
            due_date = UNSET
        else:
            due_date = datetime.date.fromisoformat(_due_date)

        def _parse_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notes = _parse_notes(d.pop("notes", UNSET))

        def _parse_external_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        external_id = _parse_external_id(d.pop("externalId", UNSET))

        update_invoice = cls(
            client=client,
            trip_id=trip_id,
            currency=currency,
            line_items=line_items,
            due_date=due_date,
            notes=notes,
            external_id=external_id,
        )

        return update_invoice
