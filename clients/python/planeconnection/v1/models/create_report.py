from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.confidentiality import Confidentiality
from ..models.report_severity import ReportSeverity
from ..models.report_type import ReportType
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateReport")


@_attrs_define
class CreateReport:
    """A new report. The reporter is taken from the credential.

    Attributes:
        report_type (ReportType): The type of a safety report.
        title (str):
        description (str):
        occurred_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
            UTC with `Z`
        location (None | str | Unset):
        severity (None | ReportSeverity | Unset):
        confidentiality (Confidentiality | Unset): The protection of the reporter's name.
        assigned_to (None | str | Unset):
    """

    report_type: ReportType
    title: str
    description: str
    occurred_at: datetime.datetime
    location: None | str | Unset = UNSET
    severity: None | ReportSeverity | Unset = UNSET
    confidentiality: Confidentiality | Unset = UNSET
    assigned_to: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        report_type = self.report_type.value

        title = self.title

        description = self.description

        occurred_at = self.occurred_at.isoformat()

        location: None | str | Unset
        if isinstance(self.location, Unset):
            location = UNSET
        else:
            location = self.location

        severity: None | str | Unset
        if isinstance(self.severity, Unset):
            severity = UNSET
        elif isinstance(self.severity, ReportSeverity):
            severity = self.severity.value
        else:
            severity = self.severity

        confidentiality: str | Unset = UNSET
        if not isinstance(self.confidentiality, Unset):
            confidentiality = self.confidentiality.value

        assigned_to: None | str | Unset
        if isinstance(self.assigned_to, Unset):
            assigned_to = UNSET
        else:
            assigned_to = self.assigned_to

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reportType": report_type,
                "title": title,
                "description": description,
                "occurredAt": occurred_at,
            }
        )
        if location is not UNSET:
            field_dict["location"] = location
        if severity is not UNSET:
            field_dict["severity"] = severity
        if confidentiality is not UNSET:
            field_dict["confidentiality"] = confidentiality
        if assigned_to is not UNSET:
            field_dict["assignedTo"] = assigned_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        report_type = ReportType(d.pop("reportType"))

        title = d.pop("title")

        description = d.pop("description")

        occurred_at = datetime.datetime.fromisoformat(d.pop("occurredAt"))

        def _parse_location(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        location = _parse_location(d.pop("location", UNSET))

        def _parse_severity(data: object) -> None | ReportSeverity | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                severity_type_0 = ReportSeverity(data)

                return severity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportSeverity | Unset, data)

        severity = _parse_severity(d.pop("severity", UNSET))

        _confidentiality = d.pop("confidentiality", UNSET)
        confidentiality: Confidentiality | Unset
        if isinstance(_confidentiality, Unset):
            confidentiality = UNSET
        else:
            confidentiality = Confidentiality(_confidentiality)

        def _parse_assigned_to(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        assigned_to = _parse_assigned_to(d.pop("assignedTo", UNSET))

        create_report = cls(
            report_type=report_type,
            title=title,
            description=description,
            occurred_at=occurred_at,
            location=location,
            severity=severity,
            confidentiality=confidentiality,
            assigned_to=assigned_to,
        )

        return create_report
