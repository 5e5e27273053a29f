from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.auth_method import AuthMethod

T = TypeVar("T", bound="EventAuthentication")


@_attrs_define
class EventAuthentication:
    """A proof of identity, as stored with an event.

    Attributes:
        methods (list[AuthMethod]): The methods of the sign-in, or of a later re-authentication.
        age_seconds (int): The time from the proof to the event, in seconds.
    """

    methods: list[AuthMethod]
    age_seconds: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        methods = []
        for methods_item_data in self.methods:
            methods_item = methods_item_data.value
            methods.append(methods_item)

        age_seconds = self.age_seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "methods": methods,
                "ageSeconds": age_seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        methods = []
        _methods = d.pop("methods")
        for methods_item_data in _methods:
            methods_item = AuthMethod(methods_item_data)

            methods.append(methods_item)

        age_seconds = d.pop("ageSeconds")

        event_authentication = cls(
            methods=methods,
            age_seconds=age_seconds,
        )

        event_authentication.additional_properties = d
        return event_authentication

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
