from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.confidentiality import Confidentiality
from ..models.report_severity import ReportSeverity
from ..models.report_status import ReportStatus
from ..models.report_type import ReportType

if TYPE_CHECKING:
    from ..models.reporter import Reporter


T = TypeVar("T", bound="Report")


@_attrs_define
class Report:
    """A safety report of the workspace.

    Attributes:
        id (str):
        number (str): Type, year of filing in the workspace's time zone and a counter: `HAZ-2026-0007`.
        report_type (ReportType): The type of a safety report.
        title (str):
        description (str):
        location (None | str):
        occurred_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in
            UTC with `Z`
        severity (None | ReportSeverity):
        status (ReportStatus): The status of the work on a report.
        confidentiality (Confidentiality): The protection of the reporter's name.
        reporter (None | Reporter):
        assigned_to (None | str):
        created_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
        updated_at (datetime.datetime): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC
            with `Z`
    """

    id: str
    number: str
    report_type: ReportType
    title: str
    description: str
    location: None | str
    occurred_at: datetime.datetime
    severity: None | ReportSeverity
    status: ReportStatus
    confidentiality: Confidentiality
    reporter: None | Reporter
    assigned_to: None | str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.reporter import Reporter  # noqa: PLC0415

        id = self.id

        number = self.number

        report_type = self.report_type.value

        title = self.title

        description = self.description

        location: None | str
        location = self.location

        occurred_at = self.occurred_at.isoformat()

        severity: None | str
        if isinstance(self.severity, ReportSeverity):
            severity = self.severity.value
        else:
            severity = self.severity

        status = self.status.value

        confidentiality = self.confidentiality.value

        reporter: dict[str, Any] | None
        if isinstance(self.reporter, Reporter):
            reporter = self.reporter.to_dict()
        else:
            reporter = self.reporter

        assigned_to: None | str
        assigned_to = self.assigned_to

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "number": number,
                "reportType": report_type,
                "title": title,
                "description": description,
                "location": location,
                "occurredAt": occurred_at,
                "severity": severity,
                "status": status,
                "confidentiality": confidentiality,
                "reporter": reporter,
                "assignedTo": assigned_to,
                "createdAt": created_at,
                "updatedAt": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reporter import Reporter  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        number = d.pop("number")

        report_type = ReportType(d.pop("reportType"))

        title = d.pop("title")

        description = d.pop("description")

        def _parse_location(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        location = _parse_location(d.pop("location"))

        occurred_at = datetime.datetime.fromisoformat(d.pop("occurredAt"))

        def _parse_severity(data: object) -> None | ReportSeverity:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                severity_type_0 = ReportSeverity(data)

                return severity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportSeverity, data)

        severity = _parse_severity(d.pop("severity"))

        status = ReportStatus(d.pop("status"))

        confidentiality = Confidentiality(d.pop("confidentiality"))

        def _parse_reporter(data: object) -> None | Reporter:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reporter_type_0 = Reporter.from_dict(data)

                return reporter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reporter, data)

        reporter = _parse_reporter(d.pop("reporter"))

        def _parse_assigned_to(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        assigned_to = _parse_assigned_to(d.pop("assignedTo"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        report = cls(
            id=id,
            number=number,
            report_type=report_type,
            title=title,
            description=description,
            location=location,
            occurred_at=occurred_at,
            severity=severity,
            status=status,
            confidentiality=confidentiality,
            reporter=reporter,
            assigned_to=assigned_to,
            created_at=created_at,
            updated_at=updated_at,
        )

        report.additional_properties = d
        return report

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
