from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_backlog import WebhookBacklog
from ..models.webhook_event_pattern import WebhookEventPattern
from ..models.webhook_schedule import WebhookSchedule
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateWebhook")


@_attrs_define
class UpdateWebhook:
    """Changes to an endpoint.

    Attributes:
        url (str | Unset):
        description (None | str | Unset):
        events (list[WebhookEventPattern] | Unset): New event types, in place of all old ones.
        active (bool | Unset): False switches it off; true switches it on, also after the server has disabled it.
        backlog (WebhookBacklog | Unset): The treatment of events that happened while an endpoint was off.
        schedule (WebhookSchedule | Unset): The times of the attempts of a delivery.
    """

    url: str | Unset = UNSET
    description: None | str | Unset = UNSET
    events: list[WebhookEventPattern] | Unset = UNSET
    active: bool | Unset = UNSET
    backlog: WebhookBacklog | Unset = UNSET
    schedule: WebhookSchedule | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        events: list[str] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = []
            for events_item_data in self.events:
                events_item = events_item_data.value
                events.append(events_item)

        active = self.active

        backlog: str | Unset = UNSET
        if not isinstance(self.backlog, Unset):
            backlog = self.backlog.value

        schedule: str | Unset = UNSET
        if not isinstance(self.schedule, Unset):
            schedule = self.schedule.value

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if url is not UNSET:
            field_dict["url"] = url
        if description is not UNSET:
            field_dict["description"] = description
        if events is not UNSET:
            field_dict["events"] = events
        if active is not UNSET:
            field_dict["active"] = active
        if backlog is not UNSET:
            field_dict["backlog"] = backlog
        if schedule is not UNSET:
            field_dict["schedule"] = schedule

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url", UNSET)

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        _events = d.pop("events", UNSET)
        events: list[WebhookEventPattern] | Unset = UNSET
        if _events is not UNSET:
            events = []
            for events_item_data in _events:
                events_item = WebhookEventPattern(events_item_data)

                events.append(events_item)

        active = d.pop("active", UNSET)

        _backlog = d.pop("backlog", UNSET)
        backlog: WebhookBacklog | Unset
        if isinstance(_backlog, Unset):
            backlog = UNSET
        else:
            backlog = WebhookBacklog(_backlog)

        _schedule = d.pop("schedule", UNSET)
        schedule: WebhookSchedule | Unset
        if isinstance(_schedule, Unset):
            schedule = UNSET
        else:
            schedule = WebhookSchedule(_schedule)

        update_webhook = cls(
            url=url,
            description=description,
            events=events,
            active=active,
            backlog=backlog,
            schedule=schedule,
        )

        return update_webhook
