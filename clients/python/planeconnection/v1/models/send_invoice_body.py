from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SendInvoiceBody")


@_attrs_define
class SendInvoiceBody:
    """The body of a call that takes nothing: none, or an object without members."""

    def to_dict(self) -> dict[str, Any]:

        field_dict: dict[str, Any] = {}

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        send_invoice_body = cls()

        return send_invoice_body
