from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_delivery_status import WebhookDeliveryStatus

if TYPE_CHECKING:
    from ..models.webhook_attempt import WebhookAttempt
    from ..models.webhook_delivery_details_payload_type_0 import (
        WebhookDeliveryDetailsPayloadType0,
    )


T = TypeVar("T", bound="WebhookDeliveryDetails")


@_attrs_define
class WebhookDeliveryDetails:
    """A delivery with its payload and all attempts.

    Attributes:
        id (str):
        event_id (str):
        type_ (str): The type of the event, or `webhook.test`.
        sequence (int | None): The sequence of the event; `null` for a test.
        status (WebhookDeliveryStatus): The status of a delivery.
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        next_attempt_at (datetime.datetime | None):
        resend_of (None | str):
        payload (None | WebhookDeliveryDetailsPayloadType0): The body of each request; `null` if it is not stored any
            more.
        attempts (list[WebhookAttempt]): The first one first.
    """

    id: str
    event_id: str
    type_: str
    sequence: int | None
    status: WebhookDeliveryStatus
    created_at: datetime.datetime
    next_attempt_at: datetime.datetime | None
    resend_of: None | str
    payload: None | WebhookDeliveryDetailsPayloadType0
    attempts: list[WebhookAttempt]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.webhook_delivery_details_payload_type_0 import (
            WebhookDeliveryDetailsPayloadType0,  # noqa: PLC0415
        )

        id = self.id

        event_id = self.event_id

        type_ = self.type_

        sequence: int | None
        sequence = self.sequence

        status = self.status.value

        created_at = self.created_at.isoformat()

        next_attempt_at: None | str
        if isinstance(self.next_attempt_at, datetime.datetime):
            next_attempt_at = self.next_attempt_at.isoformat()
        else:
            next_attempt_at = self.next_attempt_at

        resend_of: None | str
        resend_of = self.resend_of

        payload: dict[str, Any] | None
        if isinstance(self.payload, WebhookDeliveryDetailsPayloadType0):
            payload = self.payload.to_dict()
        else:
            payload = self.payload

        attempts = []
        for attempts_item_data in self.attempts:
            attempts_item = attempts_item_data.to_dict()
            attempts.append(attempts_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "eventId": event_id,
                "type": type_,
                "sequence": sequence,
                "status": status,
                "createdAt": created_at,
                "nextAttemptAt": next_attempt_at,
                "resendOf": resend_of,
                "payload": payload,
                "attempts": attempts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.webhook_attempt import WebhookAttempt  # noqa: PLC0415
        from ..models.webhook_delivery_details_payload_type_0 import (
            WebhookDeliveryDetailsPayloadType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        id = d.pop("id")

        event_id = d.pop("eventId")

        type_ = d.pop("type")

        def _parse_sequence(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        sequence = _parse_sequence(d.pop("sequence"))

        status = WebhookDeliveryStatus(d.pop("status"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_next_attempt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_attempt_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_attempt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_attempt_at = _parse_next_attempt_at(d.pop("nextAttemptAt"))

        def _parse_resend_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        resend_of = _parse_resend_of(d.pop("resendOf"))

        def _parse_payload(data: object) -> None | WebhookDeliveryDetailsPayloadType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                payload_type_0 = WebhookDeliveryDetailsPayloadType0.from_dict(data)

                return payload_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WebhookDeliveryDetailsPayloadType0, data)

        payload = _parse_payload(d.pop("payload"))

        attempts = []
        _attempts = d.pop("attempts")
        for attempts_item_data in _attempts:
            attempts_item = WebhookAttempt.from_dict(attempts_item_data)

            attempts.append(attempts_item)

        webhook_delivery_details = cls(
            id=id,
            event_id=event_id,
            type_=type_,
            sequence=sequence,
            status=status,
            created_at=created_at,
            next_attempt_at=next_attempt_at,
            resend_of=resend_of,
            payload=payload,
            attempts=attempts,
        )

        webhook_delivery_details.additional_properties = d
        return webhook_delivery_details

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
