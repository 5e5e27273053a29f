from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WebhookHealth")


@_attrs_define
class WebhookHealth:
    """The outcome of an endpoint's deliveries so far.

    Attributes:
        last_success_at (datetime.datetime | None):
        last_failure_at (datetime.datetime | None):
        failing_since (datetime.datetime | None):
        disabled_reason (None | str): The reason for which the server disabled it.
        pending (int): Deliveries with an attempt to come, counted up to 10,000.
        success_rate_24_h (float | None): The part of the deliveries of the last 24 hours that succeeded, among the last
            5,000, from 0 to 1; `null` if none of them
            ended.
    """

    last_success_at: datetime.datetime | None
    last_failure_at: datetime.datetime | None
    failing_since: datetime.datetime | None
    disabled_reason: None | str
    pending: int
    success_rate_24_h: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        last_success_at: None | str
        if isinstance(self.last_success_at, datetime.datetime):
            last_success_at = self.last_success_at.isoformat()
        else:
            last_success_at = self.last_success_at

        last_failure_at: None | str
        if isinstance(self.last_failure_at, datetime.datetime):
            last_failure_at = self.last_failure_at.isoformat()
        else:
            last_failure_at = self.last_failure_at

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        disabled_reason: None | str
        disabled_reason = self.disabled_reason

        pending = self.pending

        success_rate_24_h: float | None
        success_rate_24_h = self.success_rate_24_h

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "lastSuccessAt": last_success_at,
                "lastFailureAt": last_failure_at,
                "failingSince": failing_since,
                "disabledReason": disabled_reason,
                "pending": pending,
                "successRate24h": success_rate_24_h,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_last_success_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_success_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_success_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_success_at = _parse_last_success_at(d.pop("lastSuccessAt"))

        def _parse_last_failure_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_failure_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_failure_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_failure_at = _parse_last_failure_at(d.pop("lastFailureAt"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failingSince"))

        def _parse_disabled_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        disabled_reason = _parse_disabled_reason(d.pop("disabledReason"))

        pending = d.pop("pending")

        def _parse_success_rate_24_h(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        success_rate_24_h = _parse_success_rate_24_h(d.pop("successRate24h"))

        webhook_health = cls(
            last_success_at=last_success_at,
            last_failure_at=last_failure_at,
            failing_since=failing_since,
            disabled_reason=disabled_reason,
            pending=pending,
            success_rate_24_h=success_rate_24_h,
        )

        webhook_health.additional_properties = d
        return webhook_health

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
