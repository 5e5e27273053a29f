from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.error_detail_items_item import ErrorDetailItemsItem
    from ..models.field_error import FieldError


T = TypeVar("T", bound="ErrorDetail")


@_attrs_define
class ErrorDetail:
    """
    Attributes:
        code (str): Stable code of the error.
        message (str): A message for people that says what to do next.
        request_id (str): Names this request in logs and in the audit log.
        docs (str | Unset): The address of the paragraph about this code: its causes, and what to do.
        fields (list[FieldError] | Unset): Errors of single fields.
        items (list[ErrorDetailItemsItem] | Unset): Of an atomic batch: its items that failed, each with index, status,
            code and message.
        required_scope (str | Unset): With SCOPE_REQUIRED: the scope that is missing.
        api_key_id (str | Unset): With ALREADY_CREATED: the key that this request created before.
        trip_id (str | Unset): With CONFLICT over an externalId: the trip that has it.
        aircraft_id (str | Unset): With CONFLICT over a tailNumber: the aircraft that has it.
        invoice_id (str | Unset): With CONFLICT over an externalId: the invoice that has it.
    """

    code: str
    message: str
    request_id: str
    docs: str | Unset = UNSET
    fields: list[FieldError] | Unset = UNSET
    items: list[ErrorDetailItemsItem] | Unset = UNSET
    required_scope: str | Unset = UNSET
    api_key_id: str | Unset = UNSET
    trip_id: str | Unset = UNSET
    aircraft_id: str | Unset = UNSET
    invoice_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        message = self.message

        request_id = self.request_id

        docs = self.docs

        fields: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.fields, Unset):
            fields = []
            for fields_item_data in self.fields:
                fields_item = fields_item_data.to_dict()
                fields.append(fields_item)

        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        required_scope = self.required_scope

        api_key_id = self.api_key_id

        trip_id = self.trip_id

        aircraft_id = self.aircraft_id

        invoice_id = self.invoice_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "message": message,
                "requestId": request_id,
            }
        )
        if docs is not UNSET:
            field_dict["docs"] = docs
        if fields is not UNSET:
            field_dict["fields"] = fields
        if items is not UNSET:
            field_dict["items"] = items
        if required_scope is not UNSET:
            field_dict["requiredScope"] = required_scope
        if api_key_id is not UNSET:
            field_dict["apiKeyId"] = api_key_id
        if trip_id is not UNSET:
            field_dict["tripId"] = trip_id
        if aircraft_id is not UNSET:
            field_dict["aircraftId"] = aircraft_id
        if invoice_id is not UNSET:
            field_dict["invoiceId"] = invoice_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.error_detail_items_item import ErrorDetailItemsItem  # noqa: PLC0415
        from ..models.field_error import FieldError  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        message = d.pop("message")

        request_id = d.pop("requestId")

        docs = d.pop("docs", UNSET)

        _fields = d.pop("fields", UNSET)
        fields: list[FieldError] | Unset = UNSET
        if _fields is not UNSET:
            fields = []
            for fields_item_data in _fields:
                fields_item = FieldError.from_dict(fields_item_data)

                fields.append(fields_item)

        _items = d.pop("items", UNSET)
        items: list[ErrorDetailItemsItem] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = ErrorDetailItemsItem.from_dict(items_item_data)

                items.append(items_item)

        required_scope = d.pop("requiredScope", UNSET)

        api_key_id = d.pop("apiKeyId", UNSET)

        trip_id = d.pop("tripId", UNSET)

        aircraft_id = d.pop("aircraftId", UNSET)

        invoice_id = d.pop("invoiceId", UNSET)

        error_detail = cls(
            code=code,
            message=message,
            request_id=request_id,
            docs=docs,
            fields=fields,
            items=items,
            required_scope=required_scope,
            api_key_id=api_key_id,
            trip_id=trip_id,
            aircraft_id=aircraft_id,
            invoice_id=invoice_id,
        )

        error_detail.additional_properties = d
        return error_detail

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
