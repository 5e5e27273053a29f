from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.action import Action
from ..models.outcome import Outcome
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audit_event_details import AuditEventDetails
    from ..models.event_actor import EventActor
    from ..models.event_authentication import EventAuthentication
    from ..models.target import Target


T = TypeVar("T", bound="AuditEvent")


@_attrs_define
class AuditEvent:
    """An event of the audit log, as it is sent, exported and (without `hash`) hashed.

    Attributes:
        id (str):
        sequence (int): The position in the workspace's log, from 1, without gaps.
        occurred_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
            UTC with `Z`
        action (Action): An action that the log records.
        outcome (Outcome): The outcome of an action.
        actor (EventActor): The actor of an event, as stored.
        target (None | Target):
        ip (None | str): The client's IP address.
        user_agent (None | str): The `User-Agent` of the request.
        request_id (None | str): The id of the request, as in `X-Request-Id`.
        details (AuditEventDetails): Further data, which depend on the action.
        hash_ (str): SHA-256, in hexadecimal, over the previous event's 32 bytes (zeros before the first) and this
            event's RFC 8785 JSON without `hash`.
        authentication (EventAuthentication | Unset): A proof of identity, as stored with an event.
    """

    id: str
    sequence: int
    occurred_at: datetime.datetime
    action: Action
    outcome: Outcome
    actor: EventActor
    target: None | Target
    ip: None | str
    user_agent: None | str
    request_id: None | str
    details: AuditEventDetails
    hash_: str
    authentication: EventAuthentication | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.target import Target  # noqa: PLC0415

        id = self.id

        sequence = self.sequence

        occurred_at = self.occurred_at.isoformat()

        action = self.action.value

        outcome = self.outcome.value

        actor = self.actor.to_dict()

        target: dict[str, Any] | None
        if isinstance(self.target, Target):
            target = self.target.to_dict()
        else:
            target = self.target

        ip: None | str
        ip = self.ip

        user_agent: None | str
        user_agent = self.user_agent

        request_id: None | str
        request_id = self.request_id

        details = self.details.to_dict()

        hash_ = self.hash_

        authentication: dict[str, Any] | Unset = UNSET
        if not isinstance(self.authentication, Unset):
            authentication = self.authentication.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "sequence": sequence,
                "occurredAt": occurred_at,
                "action": action,
                "outcome": outcome,
                "actor": actor,
                "target": target,
                "ip": ip,
                "userAgent": user_agent,
                "requestId": request_id,
                "details": details,
                "hash": hash_,
            }
        )
        if authentication is not UNSET:
            field_dict["authentication"] = authentication

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_event_details import AuditEventDetails  # noqa: PLC0415
        from ..models.event_actor import EventActor  # noqa: PLC0415
        from ..models.event_authentication import EventAuthentication  # noqa: PLC0415
        from ..models.target import Target  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        sequence = d.pop("sequence")

        occurred_at = datetime.datetime.fromisoformat(d.pop("occurredAt"))

        action = Action(d.pop("action"))

        outcome = Outcome(d.pop("outcome"))

        actor = EventActor.from_dict(d.pop("actor"))

        def _parse_target(data: object) -> None | Target:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                target_type_0 = Target.from_dict(data)

                return target_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Target, data)

        target = _parse_target(d.pop("target"))

        def _parse_ip(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ip = _parse_ip(d.pop("ip"))

        def _parse_user_agent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user_agent = _parse_user_agent(d.pop("userAgent"))

        def _parse_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        request_id = _parse_request_id(d.pop("requestId"))

        details = AuditEventDetails.from_dict(d.pop("details"))

        hash_ = d.pop("hash")

        _authentication = d.pop("authentication", UNSET)
        authentication: EventAuthentication | Unset
        if isinstance(_authentication, Unset):
            authentication = UNSET
        else:
            authentication = EventAuthentication.from_dict(_authentication)

        audit_event = cls(
            id=id,
            sequence=sequence,
            occurred_at=occurred_at,
            action=action,
            outcome=outcome,
            actor=actor,
            target=target,
            ip=ip,
            user_agent=user_agent,
            request_id=request_id,
            details=details,
            hash_=hash_,
            authentication=authentication,
        )

        audit_event.additional_properties = d
        return audit_event

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
