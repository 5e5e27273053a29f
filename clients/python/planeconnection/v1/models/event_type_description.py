from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_type_description_example import EventTypeDescriptionExample


T = TypeVar("T", bound="EventTypeDescription")


@_attrs_define
class EventTypeDescription:
    """A type of events.

    Attributes:
        type_ (str):
        description (str):
        module (None | str): A key reads such events with `read` on this module; `null` for `webhook.test`, which needs
            no further scope.
        example (EventTypeDescriptionExample): An example of a payload.
    """

    type_: str
    description: str
    module: None | str
    example: EventTypeDescriptionExample
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        description = self.description

        module: None | str
        module = self.module

        example = self.example.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "description": description,
                "module": module,
                "example": example,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_type_description_example import EventTypeDescriptionExample  # noqa: PLC0415

        d = dict(src_dict)
        type_ = d.pop("type")

        description = d.pop("description")

        def _parse_module(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        module = _parse_module(d.pop("module"))

        example = EventTypeDescriptionExample.from_dict(d.pop("example"))

        event_type_description = cls(
            type_=type_,
            description=description,
            module=module,
            example=example,
        )

        event_type_description.additional_properties = d
        return event_type_description

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
