from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.invoice_batch_result import InvoiceBatchResult


T = TypeVar("T", bound="InvoiceBatchResultEnvelope")


@_attrs_define
class InvoiceBatchResultEnvelope:
    """
    Attributes:
        success (bool):
        data (InvoiceBatchResult):
    """

    success: bool
    data: InvoiceBatchResult
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        success = self.success

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "success": success,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_batch_result import InvoiceBatchResult  # noqa: PLC0415

        d = dict(src_dict)
        success = d.pop("success")

        data = InvoiceBatchResult.from_dict(d.pop("data"))

        invoice_batch_result_envelope = cls(
            success=success,
            data=data,
        )

        invoice_batch_result_envelope.additional_properties = d
        return invoice_batch_result_envelope

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
