from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.change_kind import ChangeKind
from ..models.changed_module import ChangedModule

if TYPE_CHECKING:
    from ..models.change_object_type_0 import ChangeObjectType0


T = TypeVar("T", bound="Change")


@_attrs_define
class Change:
    """A change of the data of the workspace.

    Attributes:
        sequence (int): The position in the feed. It rises from change to change, with gaps.
        occurred_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
            UTC with `Z`
        module (ChangedModule): The module of a change; `sandbox` for a change of all data of the sandbox.
        change (ChangeKind): The kind of a change.
        id (str): The id of the object that was changed.
        object_ (ChangeObjectType0 | None): The object as it is at the time of the response, which may be later than the
            change; `null` with `view=ids`, and if the
            object is gone.
    """

    sequence: int
    occurred_at: datetime.datetime
    module: ChangedModule
    change: ChangeKind
    id: str
    object_: ChangeObjectType0 | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.change_object_type_0 import ChangeObjectType0  # noqa: PLC0415

        sequence = self.sequence

        occurred_at = self.occurred_at.isoformat()

        module = self.module.value

        change = self.change.value

        id = self.id

        object_: dict[str, Any] | None
        if isinstance(self.object_, ChangeObjectType0):
            object_ = self.object_.to_dict()
        else:
            object_ = self.object_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sequence": sequence,
                "occurredAt": occurred_at,
                "module": module,
                "change": change,
                "id": id,
                "object": object_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_object_type_0 import ChangeObjectType0  # noqa: PLC0415

        d = dict(src_dict)
        sequence = d.pop("sequence")

        occurred_at = datetime.datetime.fromisoformat(d.pop("occurredAt"))

        module = ChangedModule(d.pop("module"))

        change = ChangeKind(d.pop("change"))

        id = d.pop("id")

        def _parse_object_(data: object) -> ChangeObjectType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                object_type_0 = ChangeObjectType0.from_dict(data)

                return object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChangeObjectType0 | None, data)

        object_ = _parse_object_(d.pop("object"))

        change_of_data = cls(
            sequence=sequence,
            occurred_at=occurred_at,
            module=module,
            change=change,
            id=id,
            object_=object_,
        )

        change_of_data.additional_properties = d
        return change_of_data

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
