from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.who_am_i_type_0 import WhoAmIType0
    from ..models.who_am_i_type_1 import WhoAmIType1


T = TypeVar("T", bound="WhoAmIEnvelope")


@_attrs_define
class WhoAmIEnvelope:
    """
    Attributes:
        success (bool):
        data (WhoAmIType0 | WhoAmIType1): The caller of this request.
    """

    success: bool
    data: WhoAmIType0 | WhoAmIType1
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.who_am_i_type_0 import WhoAmIType0  # noqa: PLC0415

        success = self.success

        data: dict[str, Any]
        if isinstance(self.data, WhoAmIType0):
            data = self.data.to_dict()
        else:
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
        from ..models.who_am_i_type_0 import WhoAmIType0  # noqa: PLC0415
        from ..models.who_am_i_type_1 import WhoAmIType1  # noqa: PLC0415

        d = dict(src_dict)
        success = d.pop("success")

        def _parse_data(data: object) -> WhoAmIType0 | WhoAmIType1:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_who_am_i_type_0 = WhoAmIType0.from_dict(data)

                return componentsschemas_who_am_i_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_who_am_i_type_1 = WhoAmIType1.from_dict(data)

            return componentsschemas_who_am_i_type_1

        data = _parse_data(d.pop("data"))

        who_am_i_envelope = cls(
            success=success,
            data=data,
        )

        who_am_i_envelope.additional_properties = d
        return who_am_i_envelope

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
