from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.aircraft import Aircraft
    from ..models.batch_item_error import BatchItemError


T = TypeVar("T", bound="AircraftBatchItem")


@_attrs_define
class AircraftBatchItem:
    """
    Attributes:
        status (int): The status of the response that a request with this item alone would have: 201 if it was created,
            200 if it was there before.
        data (Aircraft | None): The resource as it is stored; null if the item failed.
        error (BatchItemError | None): The error, as in the response of such a request, without requestId; null if the
            item was stored.
    """

    status: int
    data: Aircraft | None
    error: BatchItemError | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.aircraft import Aircraft  # noqa: PLC0415
        from ..models.batch_item_error import BatchItemError  # noqa: PLC0415

        status = self.status

        data: dict[str, Any] | None
        if isinstance(self.data, Aircraft):
            data = self.data.to_dict()
        else:
            data = self.data

        error: dict[str, Any] | None
        if isinstance(self.error, BatchItemError):
            error = self.error.to_dict()
        else:
            error = self.error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "data": data,
                "error": error,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.aircraft import Aircraft  # noqa: PLC0415
        from ..models.batch_item_error import BatchItemError  # noqa: PLC0415

        d = dict(src_dict)
        status = d.pop("status")

        def _parse_data(data: object) -> Aircraft | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = Aircraft.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Aircraft | None, data)

        data = _parse_data(d.pop("data"))

        def _parse_error(data: object) -> BatchItemError | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = BatchItemError.from_dict(data)

                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BatchItemError | None, data)

        error = _parse_error(d.pop("error"))

        aircraft_batch_item = cls(
            status=status,
            data=data,
            error=error,
        )

        aircraft_batch_item.additional_properties = d
        return aircraft_batch_item

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
