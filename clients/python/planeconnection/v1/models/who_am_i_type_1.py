from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.who_am_i_type_1_type import WhoAmIType1Type

if TYPE_CHECKING:
    from ..models.calling_member import CallingMember
    from ..models.workspace import Workspace


T = TypeVar("T", bound="WhoAmIType1")


@_attrs_define
class WhoAmIType1:
    """A person with a session.

    Attributes:
        workspace (Workspace): A workspace by id and name.
        member (CallingMember): The member who made this request.
        type_ (WhoAmIType1Type):
    """

    workspace: Workspace
    member: CallingMember
    type_: WhoAmIType1Type
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        workspace = self.workspace.to_dict()

        member = self.member.to_dict()

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "workspace": workspace,
                "member": member,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calling_member import CallingMember  # noqa: PLC0415
        from ..models.workspace import Workspace  # noqa: PLC0415

        d = dict(src_dict)
        workspace = Workspace.from_dict(d.pop("workspace"))

        member = CallingMember.from_dict(d.pop("member"))

        type_ = WhoAmIType1Type(d.pop("type"))

        who_am_i_type_1 = cls(
            workspace=workspace,
            member=member,
            type_=type_,
        )

        who_am_i_type_1.additional_properties = d
        return who_am_i_type_1

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
