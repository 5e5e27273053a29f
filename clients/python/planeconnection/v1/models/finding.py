from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.finding_code import FindingCode
from ..models.finding_severity import FindingSeverity

if TYPE_CHECKING:
    from ..models.finding_remedy import FindingRemedy


T = TypeVar("T", bound="Finding")


@_attrs_define
class Finding:
    """Something that needs the attention of an administrator.

    Attributes:
        id (str):
        code (FindingCode): The kind of a finding, the most urgent first.
        severity (FindingSeverity): The urgency of a finding.
        message (str): One sentence.
        api_key_id (None | str):
        member_id (None | str):
        webhook_id (None | str):
        since (datetime.datetime | None):
        remedy (FindingRemedy): The page that a finding leads to, and the text of its button.
    """

    id: str
    code: FindingCode
    severity: FindingSeverity
    message: str
    api_key_id: None | str
    member_id: None | str
    webhook_id: None | str
    since: datetime.datetime | None
    remedy: FindingRemedy
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        code = self.code.value

        severity = self.severity.value

        message = self.message

        api_key_id: None | str
        api_key_id = self.api_key_id

        member_id: None | str
        member_id = self.member_id

        webhook_id: None | str
        webhook_id = self.webhook_id

        since: None | str
        if isinstance(self.since, datetime.datetime):
            since = self.since.isoformat()
        else:
            since = self.since

        remedy = self.remedy.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "code": code,
                "severity": severity,
                "message": message,
                "apiKeyId": api_key_id,
                "memberId": member_id,
                "webhookId": webhook_id,
                "since": since,
                "remedy": remedy,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding_remedy import FindingRemedy  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        code = FindingCode(d.pop("code"))

        severity = FindingSeverity(d.pop("severity"))

        message = d.pop("message")

        def _parse_api_key_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        api_key_id = _parse_api_key_id(d.pop("apiKeyId"))

        def _parse_member_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        member_id = _parse_member_id(d.pop("memberId"))

        def _parse_webhook_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        webhook_id = _parse_webhook_id(d.pop("webhookId"))

        def _parse_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = datetime.datetime.fromisoformat(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        since = _parse_since(d.pop("since"))

        remedy = FindingRemedy.from_dict(d.pop("remedy"))

        finding = cls(
            id=id,
            code=code,
            severity=severity,
            message=message,
            api_key_id=api_key_id,
            member_id=member_id,
            webhook_id=webhook_id,
            since=since,
            remedy=remedy,
        )

        finding.additional_properties = d
        return finding

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
