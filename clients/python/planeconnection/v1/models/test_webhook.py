from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_delivered_type import WebhookDeliveredType
from ..types import UNSET, Unset

T = TypeVar("T", bound="TestWebhook")


@_attrs_define
class TestWebhook:
    """The event of a test.

    Attributes:
        type_ (None | Unset | WebhookDeliveredType):
    """

    type_: None | Unset | WebhookDeliveredType = UNSET

    def to_dict(self) -> dict[str, Any]:
        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        elif isinstance(self.type_, WebhookDeliveredType):
            type_ = self.type_.value
        else:
            type_ = self.type_

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if type_ is not UNSET:
            field_dict["type"] = type_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_type_(data: object) -> None | Unset | WebhookDeliveredType:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                type_type_0 = WebhookDeliveredType(data)

                return type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | WebhookDeliveredType, data)

        type_ = _parse_type_(d.pop("type", UNSET))

        test_webhook = cls(
            type_=type_,
        )

        return test_webhook
