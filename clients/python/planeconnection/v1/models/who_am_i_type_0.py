from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.who_am_i_type_0_type import WhoAmIType0Type

if TYPE_CHECKING:
    from ..models.calling_key import CallingKey
    from ..models.workspace import Workspace


T = TypeVar("T", bound="WhoAmIType0")


@_attrs_define
class WhoAmIType0:
    """Software with an API key.

    Attributes:
        workspace (Workspace): A workspace by id and name.
        api_key (CallingKey): The API key of this request.
        type_ (WhoAmIType0Type):
    """

    workspace: Workspace
    api_key: CallingKey
    type_: WhoAmIType0Type
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workspace = self.workspace.to_dict()

        api_key = self.api_key.to_dict()

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workspace": workspace,
                "apiKey": api_key,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calling_key import CallingKey  # noqa: PLC0415
        from ..models.workspace import Workspace  # noqa: PLC0415

        d = dict(src_dict)
        workspace = Workspace.from_dict(d.pop("workspace"))

        api_key = CallingKey.from_dict(d.pop("apiKey"))

        type_ = WhoAmIType0Type(d.pop("type"))

        who_am_i_type_0 = cls(
            workspace=workspace,
            api_key=api_key,
            type_=type_,
        )

        who_am_i_type_0.additional_properties = d
        return who_am_i_type_0

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
