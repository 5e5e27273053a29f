from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_schedule import WebhookSchedule
from ..models.webhook_status import WebhookStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.webhook_creator import WebhookCreator
    from ..models.webhook_health import WebhookHealth


T = TypeVar("T", bound="Webhook")


@_attrs_define
class Webhook:
    """An endpoint that receives events of the workspace, without its secret.

    Attributes:
        id (str):
        url (str):
        description (None | str): The purpose of the endpoint.
        events (list[str]): Event types such as `trip.created`, all of a resource such as `trip.*`, or `*`.
        active (bool): False if it was switched off by hand.
        status (WebhookStatus): The status of an endpoint.
        schedule (WebhookSchedule): The times of the attempts of a delivery.
        health (WebhookHealth): The outcome of an endpoint's deliveries so far.
        secret_hint (str): The beginning and the end of the signing secret.
        secret_rotated_at (datetime.datetime | None):
        previous_secret_expires_at (datetime.datetime | None):
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        created_by (WebhookCreator): The person or the key that created an endpoint, by its name at the time.
        updated_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        warning (str | Unset): In the response to a new URL whose host name leads to no address now: it was stored all
            the same.
    """

    id: str
    url: str
    description: None | str
    events: list[str]
    active: bool
    status: WebhookStatus
    schedule: WebhookSchedule
    health: WebhookHealth
    secret_hint: str
    secret_rotated_at: datetime.datetime | None
    previous_secret_expires_at: datetime.datetime | None
    created_at: datetime.datetime
    created_by: WebhookCreator
    updated_at: datetime.datetime
    warning: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        url = self.url

        description: None | str
        description = self.description

        events = self.events

        active = self.active

        status = self.status.value

        schedule = self.schedule.value

        health = self.health.to_dict()

        secret_hint = self.secret_hint

        secret_rotated_at: None | str
        if isinstance(self.secret_rotated_at, datetime.datetime):
            secret_rotated_at = self.secret_rotated_at.isoformat()
        else:
            secret_rotated_at = self.secret_rotated_at

        previous_secret_expires_at: None | str
        if isinstance(self.previous_secret_expires_at, datetime.datetime):
            previous_secret_expires_at = self.previous_secret_expires_at.isoformat()
        else:
            previous_secret_expires_at = self.previous_secret_expires_at

        created_at = self.created_at.isoformat()

        created_by = self.created_by.to_dict()

        updated_at = self.updated_at.isoformat()

        warning = self.warning

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "url": url,
                "description": description,
                "events": events,
                "active": active,
                "status": status,
                "schedule": schedule,
                "health": health,
                "secretHint": secret_hint,
                "secretRotatedAt": secret_rotated_at,
                "previousSecretExpiresAt": previous_secret_expires_at,
                "createdAt": created_at,
                "createdBy": created_by,
                "updatedAt": updated_at,
            }
        )
        if warning is not UNSET:
            field_dict["warning"] = warning

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.webhook_creator import WebhookCreator  # noqa: PLC0415
        from ..models.webhook_health import WebhookHealth  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        url = d.pop("url")

        def _parse_description(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        description = _parse_description(d.pop("description"))

        events = cast(list[str], d.pop("events"))

        active = d.pop("active")

        status = WebhookStatus(d.pop("status"))

        schedule = WebhookSchedule(d.pop("schedule"))

        health = WebhookHealth.from_dict(d.pop("health"))

        secret_hint = d.pop("secretHint")

        def _parse_secret_rotated_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                secret_rotated_at_type_0 = datetime.datetime.fromisoformat(data)

                return secret_rotated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        secret_rotated_at = _parse_secret_rotated_at(d.pop("secretRotatedAt"))

        def _parse_previous_secret_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                previous_secret_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return previous_secret_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        previous_secret_expires_at = _parse_previous_secret_expires_at(d.pop("previousSecretExpiresAt"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        created_by = WebhookCreator.from_dict(d.pop("createdBy"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        warning = d.pop("warning", UNSET)

        webhook = cls(
            id=id,
            url=url,
            description=description,
            events=events,
            active=active,
            status=status,
            schedule=schedule,
            health=health,
            secret_hint=secret_hint,
            secret_rotated_at=secret_rotated_at,
            previous_secret_expires_at=previous_secret_expires_at,
            created_at=created_at,
            created_by=created_by,
            updated_at=updated_at,
            warning=warning,
        )

        webhook.additional_properties = d
        return webhook

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
