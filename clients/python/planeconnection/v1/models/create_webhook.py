from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_event_pattern import WebhookEventPattern
from ..models.webhook_schedule import WebhookSchedule
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateWebhook")


@_attrs_define
class CreateWebhook:
    """Properties of a new endpoint.

    Example:
        {'url': 'https://crew.example/hooks/planeconnection', 'events': ['trip.*', 'invoice.paid']}

    Attributes:
        url (str):
        events (list[WebhookEventPattern]): Event types such as `trip.created`, all of a resource such as `trip.*`, or
            `*` for every type that exists or will exist.
        description (None | str | Unset):
        active (bool | Unset): False to create it switched off. Default: True.
        secret (None | str | Unset): The signing secret: `whsec_` and 24 to 64 bytes in base64, or 24 to 100 visible
            ASCII characters. Generated if omitted.
        schedule (None | Unset | WebhookSchedule):
    """

    url: str
    events: list[WebhookEventPattern]
    description: None | str | Unset = UNSET
    active: bool | Unset = True
    secret: None | str | Unset = UNSET
    schedule: None | Unset | WebhookSchedule = UNSET

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.value
            events.append(events_item)

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        active = self.active

        secret: None | str | Unset
        if isinstance(self.secret, Unset):
            secret = UNSET
        else:
            secret = self.secret

        schedule: None | str | Unset
        if isinstance(self.schedule, Unset):
            schedule = UNSET
        elif isinstance(self.schedule, WebhookSchedule):
            schedule = self.schedule.value
        else:
            schedule = self.schedule

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "url": url,
                "events": events,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if active is not UNSET:
            field_dict["active"] = active
        if secret is not UNSET:
            field_dict["secret"] = secret
        if schedule is not UNSET:
            field_dict["schedule"] = schedule

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = WebhookEventPattern(events_item_data)

            events.append(events_item)

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        active = d.pop("active", UNSET)

        def _parse_secret(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        secret = _parse_secret(d.pop("secret", UNSET))

        def _parse_schedule(data: object) -> None | Unset | WebhookSchedule:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                schedule_type_0 = WebhookSchedule(data)

                return schedule_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | WebhookSchedule, data)

        schedule = _parse_schedule(d.pop("schedule", UNSET))

        create_webhook = cls(
            url=url,
            events=events,
            description=description,
            active=active,
            secret=secret,
            schedule=schedule,
        )

        return create_webhook
